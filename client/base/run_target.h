// Finds what `relocctl run PROGRAM` starts: an entry of a pack, with the plans in the pack, or any program
// below a directory that contains a store, with plans that are compiled now.
#pragma once

#include <string>

namespace reloc {

struct RunTarget {
  std::string pack_dir;
  std::string entry;
  std::string plans;
  std::string error;  // one line, if CompileTarget fails
};

// Both functions look a `program` without a slash up in $PATH.

// Finds an entry of a pack, with its plans. Returns false if `program` is something different, or cannot run.
bool FindEntry(const std::string& program, const char* const* envp, RunTarget* target);

// Compiles the plans for a program that is no entry. Returns 0, or the exit status to end with (125, 126,
// 127), with `target->error` set.
int CompileTarget(const std::string& program, const char* const* envp, RunTarget* target);

}  // namespace reloc
