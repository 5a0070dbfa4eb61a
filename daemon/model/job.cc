#include "daemon/model/job.h"

#include <stdint.h>
#include <sys/random.h>

namespace reloc {

const char* JobStateName(JobState state) {
  constexpr const char* kNames[kJobStateCount] = {"running", "exited", "killed", "lost"};
  return kNames[static_cast<size_t>(state)];
}

const char* PlacementName(Placement placement) {
  return placement == Placement::kCaller ? "caller" : "daemon";
}

std::string NewJobId() {
  // Taken from the kernel in stock, for each launch has an id.
  static uint8_t stock[252];
  static size_t left = 0;
  // Without i, l, o and u: nothing that looks like another digit, no words (Crockford's base32).
  constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  constexpr size_t kLength = 12;
  static_assert(sizeof stock % kLength == 0);
  if (left == 0) {
    // getrandom(2) gives up to 256 bytes at once, uninterrupted; it may only wait early at boot.
    [[maybe_unused]] ssize_t got = ::getrandom(stock, sizeof stock, 0);
    left = sizeof stock;
  }
  std::string id;
  for (size_t i = 0; i < kLength; ++i) id.push_back(kAlphabet[stock[--left] % 32]);
  return id;
}

}  // namespace reloc
