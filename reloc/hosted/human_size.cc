#include "reloc/hosted/human_size.h"

#include <iterator>

#include "absl/strings/str_format.h"

namespace reloc {

std::string HumanSize(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
}

}  // namespace reloc
