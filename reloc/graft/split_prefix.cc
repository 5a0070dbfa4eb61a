#include "reloc/graft/split_prefix.h"

#include <elf.h>
#include <string.h>

#include "reloc/base/text.h"

namespace reloc {
namespace {

constexpr size_t kOperand = 8;  // bytes of the largest immediate operand on x86-64
constexpr size_t kVector = 16;  // bytes of the constants that texts are copied by, and their alignment

bool IsElf64(std::string_view image) {
  return image.size() >= sizeof(Elf64_Ehdr) && StartsWith(image, ELFMAG) && image[EI_CLASS] == ELFCLASS64 &&
         image[EI_DATA] == ELFDATA2LSB;
}

// Returns whether the byte at `offset` is in an executable segment.
bool IsExecuted(std::string_view image, size_t offset) {
  Elf64_Ehdr header;
  memcpy(&header, image.data(), sizeof header);
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (header.e_phoff > image.size() || at + sizeof(Elf64_Phdr) > image.size()) return false;
    Elf64_Phdr segment;
    memcpy(&segment, image.data() + at, sizeof segment);
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    if (offset >= segment.p_offset && offset - segment.p_offset < segment.p_filesz) return true;
  }
  return false;
}

bool IsVectorConstant(std::string_view prefix, std::string_view image, size_t at) {
  return prefix.size() > kVector && at % kVector == 0 &&
         StartsWith(image.substr(at), prefix.substr(0, kVector));
}

}  // namespace

bool HasSplitPrefix(std::string_view prefix, std::string_view image) {
  if (prefix.size() <= kOperand || !IsElf64(image)) return false;
  const std::string_view first = prefix.substr(0, kOperand);
  for (size_t at = 0; at < image.size(); at += kOperand) {
    const void* hit = memmem(image.data() + at, image.size() - at, first.data(), first.size());
    if (hit == nullptr) return false;
    at = static_cast<size_t>(static_cast<const char*>(hit) - image.data());
    if (StartsWith(image.substr(at), prefix)) continue;
    if (IsExecuted(image, at) || IsVectorConstant(prefix, image, at)) return true;
  }
  return false;
}

}  // namespace reloc
