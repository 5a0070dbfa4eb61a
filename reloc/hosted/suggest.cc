#include "reloc/hosted/suggest.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace reloc {
namespace {

// One slip is allowed in a word of three letters, three in one of nine.
constexpr size_t kLettersForASlip = 3;
// Too many names begin with fewer letters.
constexpr size_t kLeastPrefix = 2;

// Computes the Damerau-Levenshtein distance, in the form that changes no letter twice ("optimal string
// alignment").
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> two_before, before(b.size() + 1), row(b.size() + 1);
  std::iota(before.begin(), before.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_before[j - 2] + 1);
    }
    two_before = std::exchange(before, row);
  }
  return before[b.size()];
}

}  // namespace

std::string Nearest(std::string_view word, const std::vector<std::string>& names) {
  std::string nearest;
  size_t least = std::max<size_t>(word.size() / kLettersForASlip, 1) + 1;
  for (const std::string& name : names) {
    size_t distance = Distance(word, name);
    // A name in which all letters differ is not near, however short the word is.
    if (distance < least && distance < word.size()) {
      least = distance;
      nearest = name;
    }
  }
  if (!nearest.empty() || word.size() < kLeastPrefix) return nearest;
  auto begins = [word](const std::string& name) { return name.starts_with(word); };
  auto longer = std::find_if(names.begin(), names.end(), begins);
  return longer == names.end() ? "" : *longer;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& names) {
  std::string nearest = Nearest(word, names);
  return nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'?");
}

}  // namespace reloc
