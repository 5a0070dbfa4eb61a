// ELF files as small as ld.so's search for libraries needs them: they can be read, and not be run.
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

  Elf64_Phdr segments[2] = {};
  const uint64_t strings_at = sizeof(Elf64_Ehdr) + sizeof(segments);
  dynamic.push_back({DT_STRTAB, {strings_at}});
  dynamic.push_back({DT_STRSZ, {strings.size()}});
  dynamic.push_back({DT_NULL, {0}});
  strings.resize((strings.size() + 7) / 8 * 8);
  const uint64_t dynamic_at = strings_at + strings.size(), dynamic_size = dynamic.size() * sizeof(Elf64_Dyn);
  segments[0] = {PT_LOAD, PF_R, 0, 0, 0, dynamic_at + dynamic_size, dynamic_at + dynamic_size, 0x1000};
  segments[1] = {PT_DYNAMIC, PF_R, dynamic_at, dynamic_at, dynamic_at, dynamic_size, dynamic_size, 8};

  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = spec.machine;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;

  std::string bytes;
  auto append = [&](const void* data, size_t size) { bytes.append(static_cast<const char*>(data), size); };
  append(&header, sizeof(header));
  append(segments, sizeof(segments));
  append(strings.data(), strings.size());
  append(dynamic.data(), dynamic_size);
  return bytes;
}

}  // namespace reloc
