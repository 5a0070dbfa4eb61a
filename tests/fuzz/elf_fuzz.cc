// Any bytes give an ElfInfo or one line of error, and are never read out of bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "reloc/pack/elf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto info = reloc::ParseElf(std::as_bytes(std::span(data, size)));
  if (!info.ok() && info.status().message().find('\n') != absl::string_view::npos) std::abort();
  if (info.ok() && info->static_executable && !info->interp.empty()) std::abort();
  return 0;
}
