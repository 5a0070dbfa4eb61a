// A pack's own shim: the program, and with it the plans of the pack's entries. See launch/pack_files.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reloc {

// The file that all entries of a pack are links to.
inline constexpr char kShimPath[] = ".reloc/shim";

// The plans of each entry, by its path in the pack ("bin/sed").
using EntryPlans = std::map<std::string, std::string>;

// Encodes the segment with `plans`.
std::string EncodeCarriedPlans(const EntryPlans& plans);

// Returns the file `shim` with `plans`; unchanged if it has no place for them, like that of an earlier
// version.
std::string WithPlans(std::string shim, const EntryPlans& plans);

// Returns the plans of each entry in `shim`, into which they point; none if it carries none. If it is
// damaged, some may be missing; none overlap.
std::vector<std::string_view> CarriedPlans(std::string_view shim);

}  // namespace reloc
