// The first part of a launch from an image: this process is put into a root in which the pack lies at
// kImagePackDir and its store at the store prefix. What follows is a launch from a directory.
//
//   in such a root already?             nothing to do
//   a root that the daemon published?   join it
//   a daemon that answers?              let it mount the image, join
//   else                                mount it for this process and those that it starts
#pragma once

#include "reloc/launch/failure.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/launcher.h"

namespace reloc {

// The launch of what `target` leads to, which must outlive it; without plans yet.
LaunchRequest ImageRequest(const ImageTarget& target, char* const* argv, char* const* envp);

// Enters the root of `request->image`, and sets `request->image_way`; of the rest, plans are not needed.
// The process must be single-threaded. Returns 0; or the exit status to end with, after a line about it,
// since nothing else can be tried.
int EnterImage(LaunchRequest* request, const LaunchLog& log);

// Enters a root of this process's own, for looking at the pack.
bool EnterOwnImage(const PackImage& image, char* const* envp, const LaunchLog& log, Failure* failure);

}  // namespace reloc
