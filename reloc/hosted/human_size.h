// Sizes as people read them.
#pragma once

#include <string>

namespace reloc {

// "1.5 GiB"
std::string HumanSize(double bytes);

}  // namespace reloc
