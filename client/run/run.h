// `relocctl run`, as far as front/ does not handle it: jobs that outlive their caller, names to look up in
// $PATH, programs that are no entries, mistakes.
//
// It becomes the program that it starts, before the tree of the other commands is built.
#pragma once

#include <optional>

namespace reloc {

// Carries out `argv`, which begins with "run". Returns an exit status, after printing one line about it, and
// does not return if the program was started in place of this process. Returns nothing for --help.
std::optional<int> RunCommand(char** argv, char** envp);

}  // namespace reloc
