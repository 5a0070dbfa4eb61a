// Finds the libraries that a program's own loader finds for it.
//
// The loader is asked instead of imitated, because it knows search order, ld.so.cache, $ORIGIN, RUNPATH and
// hardware capabilities, and musl's differs from glibc's. It only maps the files and executes nothing in
// them; `ldd`, which does the same, is a script that may run the program.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace reloc {

struct LoadedLibraries {
  std::string loader;                        // as PT_INTERP names it
  std::map<std::string, std::string> files;  // by the requested name (DT_NEEDED): the absolute file
  bool complete = true;                      // false: the loader reported an error
};

// Asks `loader` to list what `object`, a program or a shared library, loads. An error, whose message does not
// name the object, if the loader does not exist or refuses the object: it is for another machine, or (glibc)
// a library is not found. musl lists what it finds; it also reports the symbols that a plugin expects from
// its program.
absl::StatusOr<LoadedLibraries> AskLoader(const std::string& loader, const std::string& object);

// Parses the loader's answer: lines such as "\tlibc.so.6 => /lib/libc.so.6 (0x7f…)".
std::map<std::string, std::string> ParseLoaderListing(const std::string& listing);

}  // namespace reloc
