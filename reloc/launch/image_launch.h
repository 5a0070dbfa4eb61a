// The first part of a launch from an image: puts this process into a root in which the pack is at
// kImagePackDir and its store at the store prefix. What follows is a launch from a directory.
//
//   in such a root already?             nothing to do
//   a root that the daemon published?   join it
//   a daemon that answers?              let it mount the image, join
//   otherwise                           mount it for this process and those that it starts
#pragma once

#include "reloc/launch/failure.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/launcher.h"

namespace reloc {

// Returns the launch of what `target` leads to, still without plans. `target` must outlive it.
LaunchRequest ImageRequest(const ImageTarget& target, char* const* argv, char* const* envp);

// Enters the root of `request->image`, and sets `request->image_way`; plans are not needed. The process must
// be single-threaded. Returns 0; or, after printing one line, the exit status to end with, because nothing
// different can be tried.
int EnterImage(LaunchRequest* request, const LaunchLog& log);

// Enters a root that only this process has, to read the pack.
bool EnterOwnImage(const PackImage& image, char* const* envp, const LaunchLog& log, Failure* failure);

}  // namespace reloc
