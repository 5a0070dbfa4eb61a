// Finds the file of each library that the objects of a store need: ld.so's search, done once when the store
// is made.
//
// The result has only what is the same in every program and on every host. ld.so itself handles what depends
// on the program (DT_RPATH that is inherited from the object that loaded this one), on the processor
// (glibc-hwcaps, $PLATFORM), or on files outside the store ($LIB, other directories, ld.so.cache, the
// directories built into ld.so). It also looks first for a library that is loaded already under that name.
//
// The rules are those of glibc, _dl_map_object in elf/dl-load.c and ld.so(8). musl's ld.so has others: do not
// use the result for a musl program.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reloc/hosted/progress.h"
#include "reloc/pack/closure.h"
#include "reloc/pack/elf.h"
#include "reloc/pack/store.h"

namespace reloc {

struct FoundLibrary {
  std::string name;    // as in DT_NEEDED
  std::string file;    // store path, as ld.so opens it: "/gnu/store/…/bin/../lib/libz.so.1"
  std::string real;    // the same with all symlinks followed
  bool rpath = false;  // found by DT_RPATH, before LD_LIBRARY_PATH; otherwise by DT_RUNPATH, after it
};

// An object, and how it is loaded: $ORIGIN is the directory of the path that it was opened by, so that one
// file may be several objects.
struct ObjectLibraries {
  std::string object;  // store path
  std::string real;    // the same with all symlinks followed
  std::vector<FoundLibrary> found;
  std::vector<std::string> not_found;  // names that are left to ld.so
};

struct StoreLibraries {
  std::vector<ObjectLibraries> objects;  // sorted by path
  std::map<std::string, ElfInfo> elves;  // of their files, by `real`
};

// Returns true for a possible program or library, or a symlink to one, by name and mode. `path` is relative
// to its item.
bool MayBeObject(const std::string& path, bool directory, bool executable);

// Lists the store paths of the items' files that may be programs or libraries, by name and mode; symlinks
// too.
std::vector<std::string> ObjectCandidates(const StoreLocation& store, const std::vector<ClosureItem>& items);

// Finds the libraries of all 64-bit ELF objects among the store paths `candidates`, and of the paths that
// they lead to. Every symlink must be relative, as in packs. What cannot be read is left out.
//
// The stage is "libraries", of unknown length. If `progress` returns false, the result is incomplete: callers
// that pass one must ask it again.
StoreLibraries FindLibraries(const StoreLocation& store, const std::vector<std::string>& candidates,
                             const ProgressCallback& progress = {});

}  // namespace reloc
