// What a program's own loader finds for it.
//
// The loader is asked instead of imitated: search order, ld.so.cache, $ORIGIN, RUNPATH and hardware
// capabilities are its business, and musl's differ from glibc's. It only maps the files and runs nothing of
// them; `ldd`, which does the same, is a script that may run the program.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace reloc {

struct LoadedLibraries {
  std::string loader;                        // as PT_INTERP names it
  std::map<std::string, std::string> files;  // by the name that asks for it (DT_NEEDED): the absolute file
  bool complete = true;                      // false: the loader had a complaint
};

// Lets `loader` list what `object`, a program or a shared library, loads. An error, whose message does not
// name the object, if the loader does not exist or refuses the object: it is for another machine, or (glibc)
// a library is not found. musl lists what it does find; it also complains of the symbols that a plugin
// expects of its program.
absl::StatusOr<LoadedLibraries> AskLoader(const std::string& loader, const std::string& object);

// Reads the loader's answer: lines such as "\tlibc.so.6 => /lib/libc.so.6 (0x7f…)".
std::map<std::string, std::string> ParseLoaderListing(const std::string& listing);

}  // namespace reloc
