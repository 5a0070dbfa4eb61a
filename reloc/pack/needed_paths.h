// Libraries by path instead of by name, in the objects themselves: ld.so then opens the file and searches
// nothing. For stores whose bytes are ours to write, that is grafted mirrors.
//
// What changes for a program: LD_LIBRARY_PATH no longer overrules the libraries that its objects were linked
// to. It goes on to decide on what is opened by dlopen(3), as DT_RUNPATH does, which stays; and LD_PRELOAD is
// as it was.
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
  std::string name;  // as DT_NEEDED has it
  std::string path;  // store path
};

// What may be written into which file: store paths, free of symlinks.
using NeededPaths = std::map<std::string, std::vector<NeededPath>>;

// Leaves out what could make a program load another file, or one more, than it did. Without a path a name is
// served by whatever is loaded under it (as SONAME, or because it was asked for by that name), with one it is
// not. So a name is replaced in all objects that find it, or in none; and only if the store has one file of
// that name, which has it as SONAME.
NeededPaths PlanNeededPaths(const StoreLocation& store, const StoreLibraries& libraries);

// Replaces in `*bytes`, a whole ELF file, the names in DT_NEEDED and, with them, those in the version
// requirements: ld.so matches both as text, and without a match it aborts (elf/dl-version.c, find_needed).
// Nothing moves: the new strings go where the file has unused bytes behind its string table's segment, or to
// its end, for which a PT_NOTE becomes a PT_LOAD. False, and nothing is changed, if there is neither, or if
// the file is malformed.
bool WriteNeededPaths(std::span<const NeededPath> paths, std::string* bytes);

}  // namespace reloc
