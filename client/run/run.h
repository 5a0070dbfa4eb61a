// `relocctl run`, where it is more than front/ does: jobs that go on without their caller, names to be looked
// up in $PATH, programs that are no entries, mistakes.
//
// It becomes the program that it starts, before the tree of the other commands is built.
#pragma once

#include <optional>

namespace reloc {

// Does what `argv`, which begins with "run", says. Returns an exit status, after one line about it, and does not return
// if the program was started in place of this process. Returns nothing for --help.
std::optional<int> RunCommand(char** argv, char** envp);

}  // namespace reloc
