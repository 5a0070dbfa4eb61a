// The options of `relocctl run`, as described in --help, completion and the manual.
//
// run_options.cc parses them before CLI11's tree is built; a test checks that it knows each of them.
#pragma once

#include <string>
#include <vector>

namespace reloc {

// Returns "--engine" and so on.
std::vector<std::string> RunOptionNames();

}  // namespace reloc
