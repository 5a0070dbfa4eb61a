// Requests of the command that runs beside the file system: lines of text, each answered with lines and an empty
// one.
//
//   counts             "COUNT KIND<tab>PATH" for each kind and path
//   reset              restarts the counts at 0
//   cold               the same, and drops the kernel's caches
//   block SECONDS      operations hang for so long; 0: for ever
//   unblock
//   bind FROM<tab>TO   shows the directory FROM at TO as well
//   unbind TO
#pragma once

#include "reloc/base/unique_fd.h"
#include "tests/slowfs/file_system.h"

namespace reloc::slowfs {

// Answers requests on `channel` until its other end is closed.
void Answer(UniqueFd channel, FileSystem* files);

}  // namespace reloc::slowfs
