// `relocctl run x.sqfs/bin/sed`: programs of one-file packs. The process enters a root in which the pack is a
// directory (reloc/launch/image_launch.h), and runs the program from there.
//
// The program gets its path in that root as argv[0]: the given path leads nowhere there, and programs that
// start themselves again (Python's multiprocessing) would not find themselves.
#pragma once

#include <string>

#include "client/run/run_options.h"
#include "reloc/launch/launch_log.h"

namespace reloc {

// Runs any program of an image; returns like Launch(). Opens the image again, because the process of a job
// has only the caller's descriptors. `daemon_dir`: as in LaunchRequest.
int RunImage(const RunOptions& options, char** envp, const std::string& daemon_dir, const LaunchLog& log);

}  // namespace reloc
