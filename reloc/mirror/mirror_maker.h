// Making mirrors.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"
#include "reloc/mirror/content_filter.h"
#include "reloc/mirror/mirror_cache.h"

namespace reloc {

struct MirrorRequest {
  std::string pack;  // the pack's directory
  MirrorKind kind = MirrorKind::kPlain;
  ContentFilter* filter = nullptr;  // kGraft; borrowed
  // Empty: nothing is evicted. Also asked for the mirror with this id, if that is damaged: it is replaced
  // then.
  MayEvict may_evict;
  // Stage "verifying", if the mirror is there; "mirroring": bytes of the items' files, those that need no
  // copying too. False stops it. Between them what the filter has to tell.
  ProgressCallback progress;
};

// Makes the mirror, or finds it: if it is there by now and whole, whoever made it of whichever pack. It
// appears whole or not at all, however this ends; on any error nothing is left. Uses all processors; no two
// calls wait for each other.
//
// Every byte is read once and compared with the pack's list of files, and that with the pack's digest, so
// that what is served under a digest has that content. Errors are one line:
//   FailedPrecondition  `pack` has no manifest: "relocctl pack adopt" it first
//   ResourceExhausted   larger than the limit, no room among what is in use, no space on the disk, quota
//   DataLoss            a file differs from the list; it is named
//   Cancelled           progress said to stop
// and whatever reading the pack or writing the mirror gives.
absl::StatusOr<Mirror> MakeMirror(const MirrorCache& cache, const MirrorRequest& request);

}  // namespace reloc
