// The keys that leave a job running and give the terminal back: ^P ^Q, as with containers, or what
// --detach-keys says.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace reloc {

inline constexpr char kDefaultDetachKeys[] = "ctrl-p,ctrl-q";

// Finds the keys in what is typed.
class DetachKeys {
 public:
  // From a list such as "ctrl-p,ctrl-q" or "~,."; the empty one never occurs. InvalidArgument, with what may
  // be said.
  static absl::StatusOr<DetachKeys> Parse(std::string_view text);

  // Takes typed bytes and returns what of them is for the job. Keys that begin the sequence are held back
  // until it is known whether they do. Once the sequence was typed, found() is true, and the rest is dropped.
  std::string Take(std::string_view typed);
  bool found() const { return found_; }

 private:
  explicit DetachKeys(std::string keys) : keys_(std::move(keys)) {}

  std::string keys_;
  size_t matched_ = 0;
  bool found_ = false;
};

}  // namespace reloc
