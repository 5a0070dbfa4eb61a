// Writing what is planned for a mirror.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "reloc/hosted/progress.h"
#include "reloc/mirror/content_filter.h"
#include "reloc/mirror/mirror_plan.h"

namespace reloc {

// Where everything is. Descriptors are borrowed; paths are for messages.
struct MirrorPlaces {
  int pack = -1;
  std::string pack_path;
  int mirrors = -1;  // that donors are in
  std::string mirrors_path;
  int mirror = -1;  // an empty directory of ours
  std::string mirror_path;
};

// Makes all directories, files and symlinks, on all processors at once. With a `filter` the lists that the
// plan points into become those of what was written.
//
// Of the pack's files bytes, permissions and times are kept, of directories too: programs compare times with
// those in their caches. Owners and extended attributes are not; directories are writable for their owner.
absl::Status WriteMirror(const MirrorPlan& plan, const MirrorPlaces& places, ContentFilter* filter,
                         const ProgressCallback& progress);

}  // namespace reloc
