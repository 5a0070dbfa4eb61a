// Describes a command line in words, taken from CLI11's tree: for --help, the manual and completion, so that
// these are never out of date.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace reloc {

// List what users may see, in the order of definition. Commands and options of the group "" are hidden.
std::vector<const CLI::App*> Commands(const CLI::App& app);
std::vector<const CLI::Option*> Options(const CLI::App& app);
std::vector<const CLI::Option*> Positionals(const CLI::App& app);

// Returns false for a flag.
bool TakesValue(const CLI::Option& option);
// Returns the values that CLI::IsMember allows; none if any value is allowed.
std::vector<std::string> Members(const CLI::Option& option);
// Returns the placeholder for its value: "FILE", or "table|json"; "" for a flag.
std::string ValueName(const CLI::Option& option);

// Returns "-a, --all", "--format table|json", "PACK".
std::string Term(const CLI::Option& option);
// Returns its description, and its default.
std::string Meaning(const CLI::Option& option);
// Returns the first line of a command's description, for lists.
std::string Summary(const CLI::App& app);
// Returns "pack create"; "" for the program itself.
std::string CommandPath(const CLI::App& app);
// Returns "relocctl pack create [OPTION]... PROGRAM".
std::string Usage(const CLI::App& app);

}  // namespace reloc
