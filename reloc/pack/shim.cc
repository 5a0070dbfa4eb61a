#include "reloc/pack/shim.h"

#include <elf.h>
#include <string.h>

#include "reloc/launch/carried_plans.h"

namespace reloc {
namespace {

// A multiple of every page size: the segment is mapped in whole pages.
constexpr uint64_t kPage = 64 * 1024;

template <typename T>
void Append(const T& value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

// True if `header` is that of our note in `shim`.
bool IsPlace(const std::string& shim, const Elf64_Phdr& header) {
  const size_t needed = sizeof(Elf64_Nhdr) + strlen(kCarriedNote);
  return header.p_type == PT_NOTE && header.p_filesz >= needed && header.p_offset <= shim.size() &&
         shim.size() - header.p_offset >= needed &&
         memcmp(shim.data() + header.p_offset + sizeof(Elf64_Nhdr), kCarriedNote, strlen(kCarriedNote)) == 0;
}

// Where the program header of our note lies in `shim`; npos if nowhere.
size_t FindPlace(const std::string& shim) {
  Elf64_Ehdr file;
  if (shim.size() < sizeof file || memcmp(shim.data(), ELFMAG, SELFMAG) != 0) return std::string::npos;
  memcpy(&file, shim.data(), sizeof file);
  for (size_t i = 0; i < file.e_phnum; ++i) {
    const size_t at = file.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr header;
    if (at > shim.size() || shim.size() - at < sizeof header) break;
    memcpy(&header, shim.data() + at, sizeof header);
    if (IsPlace(shim, header)) return at;
  }
  return std::string::npos;
}

}  // namespace

std::string EncodeCarriedPlans(const EntryPlans& plans) {
  std::string index(kCarriedMagic, sizeof kCarriedMagic), bytes;
  Append(static_cast<uint32_t>(plans.size()), &index);
  const size_t start = index.size() + plans.size() * sizeof(CarriedEntry);
  auto add = [&](const std::string& text) {
    bytes += text;
    return static_cast<uint32_t>(start + bytes.size() - text.size());
  };
  for (const auto& [name, text] : plans) {
    CarriedEntry entry{
        .name = add(name), .name_size = static_cast<uint32_t>(name.size()), .plans = 0, .plans_size = 0};
    entry.plans = add(text);
    entry.plans_size = static_cast<uint32_t>(text.size());
    Append(entry, &index);
  }
  return index + bytes;
}

std::string WithPlans(std::string shim, const EntryPlans& plans) {
  const size_t place = FindPlace(shim);
  if (place == std::string::npos) return shim;
  const std::string segment = EncodeCarriedPlans(plans);
  const size_t offset = shim.size();
  // Pages of the file are mapped as they are, so that address and offset lie equally in a page.
  const uint64_t address = kCarriedAddress + offset % kPage;
  const Elf64_Phdr header = {.p_type = PT_LOAD,
                             .p_flags = PF_R,
                             .p_offset = offset,
                             .p_vaddr = address,
                             .p_paddr = address,
                             .p_filesz = segment.size(),
                             .p_memsz = segment.size(),
                             .p_align = kPage};
  memcpy(shim.data() + place, &header, sizeof header);
  return shim + segment;
}

}  // namespace reloc
