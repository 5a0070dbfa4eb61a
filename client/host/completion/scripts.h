// The completion scripts for shells. They call relocctl and pass its answer on, and know no commands
// themselves, so they are never out of date.
#pragma once

#include <string_view>

namespace reloc {

// Returns the script for "bash", "zsh" or "fish".
std::string_view CompletionScript(std::string_view shell);

}  // namespace reloc
