// `relocctl run x.sqfs/bin/sed`: programs of one-file packs. The process enters a root in which the pack lies
// as a directory (reloc/launch/image_launch.h), and runs the program from there.
//
// The program gets its path in that root as argv[0]: what was given leads nowhere, and programs that start
// themselves again (Python's multiprocessing) would not find themselves.
#pragma once

#include <optional>
#include <string>

#include "client/run_options.h"
#include "reloc/launch/pack_image.h"
#include "reloc/launch/trace.h"

namespace reloc {

struct ImageTarget {
  PackImage image;
  std::string inside;  // "bin/sed"
};

// Whether `program` leads into an image. Works before static constructors have run.
bool FindImage(const std::string& program, ImageTarget* target);

// Both end like Launch(): an exit status, after a line about it.

// Runs an entry of the pack. Nothing if it is something else: then the process is in the image's root, and
// RunImage goes on there. Works before static constructors have run.
std::optional<int> RunImageEntry(const RunOptions& options, const ImageTarget& target, char** envp,
                                 const Trace& trace);
// Runs any program of an image. Finds the image anew: the process of a job has the caller's descriptors
// alone.
int RunImage(const RunOptions& options, char** envp, const Trace& trace);

}  // namespace reloc
