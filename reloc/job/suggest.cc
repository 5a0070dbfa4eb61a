#include "reloc/job/suggest.h"

#include <algorithm>

namespace reloc {
namespace {

// How many letters must be put in, left out, changed or swapped with their neighbour (Damerau and
// Levenshtein).
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] =
          std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string Suggestion(const std::string& word, const std::vector<std::string>& words) {
  const std::string* nearest = nullptr;
  // A third of the letters wrong is a typing mistake, more is another word.
  size_t least = word.size() / 3 + 1;
  for (const std::string& candidate : words) {
    if (word.size() > 2 * candidate.size() + 2) continue;  // cheap for words without end
    size_t distance = Distance(word, candidate);
    if (distance > least || (nearest != nullptr && distance == least)) continue;
    least = distance;
    nearest = &candidate;
  }
  return nearest == nullptr ? "" : "; did you mean '" + *nearest + "'?";
}

}  // namespace reloc
