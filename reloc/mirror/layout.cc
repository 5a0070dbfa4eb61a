#include "reloc/mirror/layout.h"

#include "reloc/base/file.h"
#include "reloc/base/text.h"

namespace reloc {

std::string BootId() {
  FixedText<64> id;
  if (!ReadSmallFile("/proc/sys/kernel/random/boot_id", &id).ok()) return "unknown";
  string_view rest;
  return std::string(SplitFirst(id.view(), '\n', &rest));
}

}  // namespace reloc
