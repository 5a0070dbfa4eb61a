// "did you mean": the name that someone probably wanted to type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reloc {

// The name that is nearest to `word`, by the slips it takes (a letter too many, too few, wrong, or two that
// changed places), if they are few for its length; or the first that `word` is the beginning of. Else "".
std::string Nearest(std::string_view word, const std::vector<std::string>& names);

// To be put at the end of a message about `word`: "; did you mean 'NAME'?", or "" if no name is near.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& names);

}  // namespace reloc
