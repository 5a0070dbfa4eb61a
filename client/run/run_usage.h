// The options of `relocctl run`, in the words of --help, completion and the manual.
//
// They are read by run_command.cc, which has the program started before CLI11's tree could be built; a test
// holds that it knows each of them.
#pragma once

#include <string>
#include <vector>

namespace reloc {

// "--engine" and so on.
std::vector<std::string> RunOptionNames();

}  // namespace reloc
