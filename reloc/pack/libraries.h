// Which file each library is that the objects of a store need: ld.so's search, done once where the store is
// made.
//
// Told is only what is so in every program and on every host. Left to ld.so is what depends on the program
// (DT_RPATH that is inherited from whoever loaded the object), on the processor (glibc-hwcaps, $PLATFORM), or
// on what lies outside of the store ($LIB, other directories, ld.so.cache, the directories built into ld.so).
// That a library is loaded already under that name is ld.so's business too: it looks there before it
// searches.
//
// The rules are those of glibc, _dl_map_object in elf/dl-load.c and ld.so(8). musl's ld.so has others: what
// is said here of a musl program is not meant to be used.
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
  std::string name;    // as DT_NEEDED has it
  std::string file;    // store path, as ld.so opens it: "/gnu/store/…/bin/../lib/libz.so.1"
  std::string real;    // the same with all symlinks followed
  bool rpath = false;  // found by DT_RPATH, which comes before LD_LIBRARY_PATH; else by DT_RUNPATH, after it
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
  std::map<std::string, ElfInfo> elves;  // what their files are, by `real`
};

// By name and mode: a program or a library, or a symlink to one. `path` is in its item.
bool MayBeObject(const std::string& path, bool directory, bool executable);

// The store paths of the items' files that may be programs or libraries, by name and mode; symlinks too.
std::vector<std::string> ObjectCandidates(const StoreLocation& store, const std::vector<ClosureItem>& items);

// The libraries of all 64-bit ELF objects among the store paths `candidates`, and of those paths that they
// lead to. Every symlink must be relative, as packs have them. What cannot be read is left out.
//
// Stage "libraries", whose length is unknown. When `progress` says to stop, the result lacks some of them:
// whoever passes one asks it again.
StoreLibraries FindLibraries(const StoreLocation& store, const std::vector<std::string>& candidates,
                             const ProgressCallback& progress = {});

}  // namespace reloc
