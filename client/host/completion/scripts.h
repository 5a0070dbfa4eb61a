// What shells are to load. The scripts know how to ask relocctl and how to tell their shell, and no command:
// they never lag behind.
#pragma once

#include <string_view>

namespace reloc {

// For "bash", "zsh" or "fish".
std::string_view CompletionScript(std::string_view shell);

}  // namespace reloc
