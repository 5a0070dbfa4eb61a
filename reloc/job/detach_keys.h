// The keys that detach the terminal and leave the job running: ^P ^Q, as with containers, or those of
// --detach-keys.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace reloc {

inline constexpr char kDefaultDetachKeys[] = "ctrl-p,ctrl-q";

// Finds the keys in what is typed.
class DetachKeys {
 public:
  // Parses a list such as "ctrl-p,ctrl-q" or "~,."; the empty one never matches. InvalidArgument, with what
  // is allowed.
  static absl::StatusOr<DetachKeys> Parse(std::string_view text);

  // Takes typed bytes and returns those for the job. Keys that may begin the sequence are held back until
  // that is decided. Once the sequence was typed, found() is true, and the rest is dropped.
  std::string Take(std::string_view typed);
  bool found() const { return found_; }

 private:
  explicit DetachKeys(std::string keys) : keys_(std::move(keys)) {}

  std::string keys_;
  size_t matched_ = 0;
  bool found_ = false;
};

}  // namespace reloc
