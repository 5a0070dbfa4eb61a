#include "reloc/job/detach_keys.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reloc/hosted/text.h"

namespace reloc {

absl::StatusOr<DetachKeys> DetachKeys::Parse(std::string_view text) {
  std::string keys;
  if (text.empty()) return DetachKeys(keys);
  for (absl::string_view key : absl::StrSplit(Text(text), ',')) {
    bool control = absl::ConsumePrefix(&key, "ctrl-");
    char c = key.size() == 1 ? absl::ascii_toupper(static_cast<unsigned char>(key[0])) : '\0';
    bool usable = key.size() == 1 &&
                  (control ? '@' <= c && c <= '_' : absl::ascii_isprint(static_cast<unsigned char>(c)));
    if (!usable) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", OneLine(Text(text)), "' are no keys; say for instance ", kDefaultDetachKeys, " or ~,."));
    }
    // ASCII: the control characters are 64 below the letters.
    keys.push_back(control ? static_cast<char>(c - '@') : key[0]);
  }
  return DetachKeys(keys);
}

std::string DetachKeys::Take(std::string_view typed) {
  std::string taken;
  for (char c : typed) {
    if (found_ || keys_.empty()) {
      if (!found_) taken.push_back(c);
      continue;
    }
    if (c != keys_[matched_]) {
      // The sequence is short, and its first key hardly occurs twice: the keys that were held back are not
      // searched again.
      taken.append(keys_, 0, matched_);
      matched_ = 0;
    }
    if (c == keys_[matched_]) {
      found_ = ++matched_ == keys_.size();
    } else {
      taken.push_back(c);
    }
  }
  return taken;
}

}  // namespace reloc
