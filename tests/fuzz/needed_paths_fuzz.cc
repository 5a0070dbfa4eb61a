// Any bytes are rewritten, or left unchanged, and never read or written out of bounds.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "reloc/pack/elf.h"
#include "reloc/pack/needed_paths.h"

namespace {

absl::StatusOr<reloc::ElfInfo> Parse(const std::string& bytes) {
  return reloc::ParseElf(std::as_bytes(std::span(bytes)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string before(reinterpret_cast<const char*>(data), size);
  const auto elf = Parse(before);
  std::string name = elf.ok() && !elf->needed.empty() ? elf->needed[0] : "libc.so.6";
  std::string bytes = before;
  const reloc::NeededPath path = {name, "/gnu/store/an-item/lib/" + name};
  if (!reloc::WriteNeededPaths({&path, 1}, &bytes) && bytes != before) std::abort();
  return 0;
}
