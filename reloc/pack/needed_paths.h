// Writes libraries by path instead of by name into the objects themselves: ld.so then opens the file and
// searches nothing. For stores whose bytes relocd may change, which are grafted mirrors.
//
// What changes for a program: LD_LIBRARY_PATH no longer overrides the libraries that its objects were linked
// to. It still applies to what is opened by dlopen(3), as does DT_RUNPATH, which is kept; LD_PRELOAD is
// unchanged.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/pack/libraries.h"

namespace reloc {

struct NeededPath {
  std::string name;  // as in DT_NEEDED
  std::string path;  // store path
};

// The replacements for each file: store paths, free of symlinks.
using NeededPaths = std::map<std::string, std::vector<NeededPath>>;

// Leaves out what could make a program load another file than before, or one more. A name without a path is
// resolved to a library loaded under it (as SONAME, or because it was requested by that name), with a path it
// is not. So a name is replaced in all objects that find it, or in none; and only if the store has one file
// of that name, which has it as SONAME.
NeededPaths PlanNeededPaths(const StoreLocation& store, const StoreLibraries& libraries);

// Replaces in `*bytes`, a whole ELF file, the names in DT_NEEDED and, with them, those in the version
// requirements: ld.so matches both as text, and aborts without a match (elf/dl-version.c, find_needed).
// Nothing moves: the new strings are put into unused bytes after the string table's segment, or at the end of
// the file, for which a PT_NOTE becomes a PT_LOAD. Returns false, and changes nothing, if there is neither,
// or if the file is malformed.
bool WriteNeededPaths(std::span<const NeededPath> paths, std::string* bytes);

}  // namespace reloc
