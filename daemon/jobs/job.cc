#include "daemon/jobs/job.h"

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
  // Without i, l, o and u: nothing that looks like another digit, no words (Crockford's base32).
  constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  constexpr size_t kLength = 12;
  uint8_t random[kLength] = {};
  // getrandom(2) gives up to 256 bytes at once, uninterrupted; it may only wait early at boot.
  [[maybe_unused]] ssize_t got = ::getrandom(random, sizeof random, 0);
  std::string id;
  for (uint8_t byte : random) id.push_back(kAlphabet[byte % 32]);
  return id;
}

}  // namespace reloc
