// What `relocctl run PROGRAM` is to start: an entry of a pack, with the plans that lie in the pack, or any
// program below a directory that holds a store, with plans that are compiled now.
#pragma once

#include <string>

namespace reloc {

struct RunTarget {
  std::string pack_dir;
  std::string entry;
  std::string plans;
  std::string error;  // one line, when CompileTarget fails
};

// Both: a `program` without a slash is looked up in $PATH.

// Finds an entry of a pack, with its plans. False if `program` is something else, or nothing that can run.
bool FindEntry(const std::string& program, const char* const* envp, RunTarget* target);

// Makes the plans for what is no entry. Returns 0, or the exit status to end with (125, 126, 127), with
// `target->error` set.
int CompileTarget(const std::string& program, const char* const* envp, RunTarget* target);

}  // namespace reloc
