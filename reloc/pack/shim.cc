#include "reloc/pack/shim.h"

#include <elf.h>
#include <string.h>

#include "reloc/launch/pack_files.h"

namespace reloc {
namespace {

// A multiple of every page size: the segment is mapped in whole pages.
constexpr uint64_t kPage = 64 * 1024;

template <typename T>
void Append(const T& value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Returns true if `header` is that of our note in `shim`.
bool IsPlace(std::string_view shim, const Elf64_Phdr& header) {
  const size_t needed = sizeof(Elf64_Nhdr) + strlen(kCarriedNote);
  return header.p_type == PT_NOTE && header.p_filesz >= needed && header.p_offset <= shim.size() &&
         shim.size() - header.p_offset >= needed &&
         memcmp(shim.data() + header.p_offset + sizeof(Elf64_Nhdr), kCarriedNote, strlen(kCarriedNote)) == 0;
}

// Returns the position of the first program header in `shim` that `is_it` accepts; npos if there is none.
size_t FindHeader(std::string_view shim, auto is_it) {
  Elf64_Ehdr file;
  if (shim.size() < sizeof file || memcmp(shim.data(), ELFMAG, SELFMAG) != 0) return std::string::npos;
  memcpy(&file, shim.data(), sizeof file);
  for (size_t i = 0; i < file.e_phnum; ++i) {
    const size_t at = file.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr header;
    if (at > shim.size() || shim.size() - at < sizeof header) break;
    memcpy(&header, shim.data() + at, sizeof header);
    if (is_it(header)) return at;
  }
  return std::string::npos;
}

// Returns the position of our note's program header in `shim`; npos if there is none.
size_t FindPlace(std::string_view shim) {
  return FindHeader(shim, [&](const Elf64_Phdr& header) { return IsPlace(shim, header); });
}

std::string_view Part(std::string_view bytes, uint64_t at, uint64_t size) {
  if (at > bytes.size() || size > bytes.size() - at) return {};
  return bytes.substr(at, size);
}

// Returns the segment that carries the plans; empty if there is none.
std::string_view FindSegment(std::string_view shim) {
  const size_t at = FindHeader(shim, [](const Elf64_Phdr& header) {
    return header.p_type == PT_LOAD && header.p_vaddr >= kCarriedAddress;
  });
  if (at == std::string::npos) return {};
  Elf64_Phdr header;
  memcpy(&header, shim.data() + at, sizeof header);
  return Part(shim, header.p_offset, header.p_filesz);
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
  // Whole pages of the file are mapped, so address and offset must be equal within a page.
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

std::vector<std::string_view> CarriedPlans(std::string_view shim) {
  constexpr size_t kHeader = sizeof kCarriedMagic + sizeof(uint32_t);
  const std::string_view segment = FindSegment(shim);
  if (segment.size() < kHeader || memcmp(segment.data(), kCarriedMagic, sizeof kCarriedMagic) != 0) return {};
  uint32_t count;
  memcpy(&count, segment.data() + sizeof kCarriedMagic, sizeof count);
  if (count > (segment.size() - kHeader) / sizeof(CarriedEntry)) return {};
  std::vector<std::string_view> all;
  size_t end = kHeader + count * sizeof(CarriedEntry);  // of the bytes read so far
  for (size_t i = 0; i < count; ++i) {
    CarriedEntry entry;
    memcpy(&entry, segment.data() + kHeader + i * sizeof entry, sizeof entry);
    const std::string_view plans = Part(segment, entry.plans, entry.plans_size);
    if (plans.empty() || entry.plans < end) break;
    end = entry.plans + plans.size();
    all.push_back(plans);
  }
  return all;
}

}  // namespace reloc
