// `relocctl run`, where it is more than front/ does: jobs that go on without their caller, names to be looked
// up in $PATH, programs that are no entries, mistakes.
//
// It touches neither gRPC nor CLI11: a launch is to cost little more than a native one.
#pragma once

#include <optional>

namespace reloc {

// Both: `argv` begins with "run"; they return an exit status, after one line about it, and do not return when
// the program was started.

// Only for entries of packs, and for mistakes on the command line; nothing for whatever else there may be to
// run. Works before static constructors have run: it needs no object that has one.
std::optional<int> RunEntry(char** argv, char** envp);

// For whatever RunEntry left, but --help: nothing then.
std::optional<int> RunCommand(char** argv, char** envp);

}  // namespace reloc
