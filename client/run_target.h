// What `relocctl run PROGRAM` is to start: an entry of a pack, with the plans that lie in the pack, or any
// program below a directory that holds a store, with plans that are compiled now.
#pragma once

#include <string>

namespace reloc {

struct RunTarget {
  std::string pack_dir;
  std::string entry;
  std::string plans;
  std::string error;  // one line, when FindRunTarget fails
};

// Returns 0, or the exit status to end with (125, 126, 127) with `target->error` set. A `program` without a
// slash is looked up in $PATH.
int FindRunTarget(const std::string& program, const char* const* envp, RunTarget* target);

}  // namespace reloc
