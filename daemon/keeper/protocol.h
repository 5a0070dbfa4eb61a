// What relocd and its keeper say to each other over a SEQPACKET socket pair. Both are the same program at the
// same moment: no versions, no checks against malice.
#pragma once

#include <stdint.h>

namespace reloc {

enum class KeeperVerb : uint32_t {
  kBuild = 1,  // makes a root; carries the store directory; a store prefix of `count` bytes follows. Carries
               // an image: none
  kAbandon = 2,  // ends that build: nobody waits any more
  kRelease = 3,  // closes namespaces: `count` descriptor numbers (int32_t) follow
};

struct KeeperRequest {
  KeeperVerb verb;
  uint32_t count;
  uint64_t build;  // chosen by relocd; 0 is the first reply's, see below
};

// One for each kBuild that was not abandoned. Without being asked the keeper first replies to build 0: it
// tells of the user namespace that all roots share, or why there can be none.
struct KeeperReply {
  uint64_t build;
  int32_t fd;       // descriptor number in the keeper; -1: none
  uint32_t failed;  // 1: `text` says why
  uint64_t inode;   // of the namespace
  char text[512];   // NUL-terminated
};

inline constexpr uint64_t kUserNamespaceBuild = 0;
// Of a reply that answers nothing: the server of the image that the root `fd` shows has ended.
inline constexpr uint64_t kServerEnded = UINT64_MAX;
inline constexpr uint32_t kMaxReleased = 2048;
inline constexpr uint32_t kMaxPrefixBytes = 4095;

}  // namespace reloc
