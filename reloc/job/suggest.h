// "Did you mean": the nearest of the words that would have been right.
#pragma once

#include <string>
#include <vector>

namespace reloc {

// "; did you mean 'idle-exit'?", or nothing if none of `words` is near `word`.
std::string Suggestion(const std::string& word, const std::vector<std::string>& words);

}  // namespace reloc
