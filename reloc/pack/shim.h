// A pack's own shim: the program, and with it the plans of the pack's entries. See launch/carried_plans.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reloc {

// In a pack: what all entries are.
inline constexpr char kShimPath[] = ".reloc/shim";

// The plans of each entry, by its path in the pack ("bin/sed").
using EntryPlans = std::map<std::string, std::string>;

// The segment with `plans`.
std::string EncodeCarriedPlans(const EntryPlans& plans);

// The file `shim` with `plans`; as it is if it has no place for them, as one of an earlier version.
std::string WithPlans(std::string shim, const EntryPlans& plans);

// Returns the plans of each entry in `shim`, into which they point; none if it carries none. Of a damaged one
// some may be missing, and none overlap.
std::vector<std::string_view> CarriedPlans(std::string_view shim);

}  // namespace reloc
