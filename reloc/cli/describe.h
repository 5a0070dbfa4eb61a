// A command line in words, taken from CLI11's tree: for --help, the manual and completion, which so never lag
// behind it.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace reloc {

// What users are to see, in the order of definition. Commands and options of the group "" are hidden.
std::vector<const CLI::App*> Commands(const CLI::App& app);
std::vector<const CLI::Option*> Options(const CLI::App& app);
std::vector<const CLI::Option*> Positionals(const CLI::App& app);

// False for a flag.
bool TakesValue(const CLI::Option& option);
// The values that CLI::IsMember allows; none if any value will do.
std::vector<std::string> Members(const CLI::Option& option);
// What stands for its value: "FILE", or "table|json"; "" for a flag.
std::string ValueName(const CLI::Option& option);

// "-a, --all", "--format table|json", "PACK"
std::string Term(const CLI::Option& option);
// What it does, and its default.
std::string Meaning(const CLI::Option& option);
// The first line of a command's description, for lists.
std::string Summary(const CLI::App& app);
// "pack create"; "" for the program itself.
std::string CommandPath(const CLI::App& app);
// "relocctl pack create [OPTION]... PROGRAM"
std::string Usage(const CLI::App& app);

}  // namespace reloc
