// Finds the name that a user probably wanted to type: "did you mean".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reloc {

// Returns the name nearest to `word`, by the number of slips (a letter too many, missing, wrong, or two
// swapped), if that is small for its length; otherwise the first name that begins with `word`, or "".
std::string Nearest(std::string_view word, const std::vector<std::string>& names);

// Returns the end of a message about `word`: "; did you mean 'NAME'?", or "" if no name is near.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& names);

}  // namespace reloc
