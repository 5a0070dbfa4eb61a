// The smallest ELF files that ld.so's search for libraries needs: they can be read, but not run.
#pragma once

#include <elf.h>

#include <cstring>
#include <string>
#include <vector>

namespace reloc {

struct ElfSpec {
  std::vector<std::string> needed{};
  std::string runpath{};
  std::string rpath{};
  std::string soname{};
  uint16_t machine = EM_X86_64;
  std::vector<std::string> versioned{};  // required versions of these libraries
  bool full = false;                     // with data that exist only in memory, after those in the file
  bool note = false;
};

inline std::string MakeElf(const ElfSpec& spec) {
  std::string strings(1, '\0');
  std::vector<Elf64_Dyn> dynamic;
  auto add = [&](int64_t tag, const std::string& text) {
    dynamic.push_back({tag, {strings.size()}});
    strings.append(text).push_back('\0');
  };
  for (const std::string& name : spec.needed) add(DT_NEEDED, name);
  if (!spec.runpath.empty()) add(DT_RUNPATH, spec.runpath);
  if (!spec.rpath.empty()) add(DT_RPATH, spec.rpath);
  if (!spec.soname.empty()) add(DT_SONAME, spec.soname);

  std::vector<Elf64_Verneed> versions;
  for (const std::string& name : spec.versioned) {
    const bool last = versions.size() + 1 == spec.versioned.size();
    versions.push_back({1, 0, static_cast<Elf64_Word>(strings.size()), 0,
                        static_cast<Elf64_Word>(last ? 0 : sizeof(Elf64_Verneed))});
    strings.append(name).push_back('\0');
  }

  Elf64_Phdr segments[3] = {};
  const uint64_t strings_at = sizeof(Elf64_Ehdr) + sizeof(segments);
  dynamic.push_back({DT_STRTAB, {strings_at}});
  dynamic.push_back({DT_STRSZ, {strings.size()}});
  strings.resize((strings.size() + 7) / 8 * 8);
  dynamic.push_back({DT_VERNEED, {strings_at + strings.size()}});
  dynamic.push_back({DT_VERNEEDNUM, {versions.size()}});
  dynamic.push_back({DT_NULL, {0}});
  strings.append(reinterpret_cast<const char*>(versions.data()), versions.size() * sizeof(Elf64_Verneed));
  const uint64_t dynamic_at = strings_at + strings.size(), dynamic_size = dynamic.size() * sizeof(Elf64_Dyn);
  const uint64_t size = dynamic_at + dynamic_size;
  segments[0] = {PT_LOAD, PF_R, 0, 0, 0, size, spec.full ? 0x12345 : size, 0x1000};
  segments[1] = {PT_DYNAMIC, PF_R, dynamic_at, dynamic_at, dynamic_at, dynamic_size, dynamic_size, 8};
  if (spec.note) segments[2] = {PT_NOTE, PF_R, strings_at, strings_at, strings_at, 0, 0, 4};

  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = spec.machine;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 3;

  std::string bytes;
  auto append = [&](const void* data, size_t count) { bytes.append(static_cast<const char*>(data), count); };
  append(&header, sizeof(header));
  append(segments, sizeof(segments));
  append(strings.data(), strings.size());
  append(dynamic.data(), dynamic_size);
  return bytes;
}

}  // namespace reloc
