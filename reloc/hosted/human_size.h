// Formats sizes for people.
#pragma once

#include <string>

namespace reloc {

// Returns text such as "1.5 GiB".
std::string HumanSize(double bytes);

}  // namespace reloc
