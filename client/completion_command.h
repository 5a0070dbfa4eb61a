// `relocctl completion bash|zsh|fish`, and what the shells then ask.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace reloc {

// As AddPsCommand.
void AddCompletionCommand(CLI::App& app, int* exit_status);

// `relocctl __complete WORD...`: see client/completion/scripts.cc. Returns the exit status.
int PrintCompletion(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace reloc
