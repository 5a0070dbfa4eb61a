// Searches for a library by name, as ld.so would if the store were at its prefix. Used for what is not in the
// pack's index (reloc/base/library_index.h).
//
// This is done here, because ld.so's own search cannot be corrected from outside. la_objsearch may map each
// path that ld.so tries, but after the first miss in a directory ld.so calls stat(2) for the *unmapped*
// directory, finds nothing and never tries it again (elf/dl-load.c, open_path): with two or more directories
// in DT_RUNPATH, libraries are missed.
//
// Rejected: rewriting DT_RUNPATH in each object when it is opened. ld.so has read the program's own before it
// loads an audit module, and objects without DT_RUNPATH have nothing to rewrite.
//
// The order is that of ld.so(8). Left out: glibc-hwcaps (the baseline library of the same directory is used),
// and directories with $LIB or $PLATFORM, which only ld.so can expand. After a miss here ld.so continues with
// its cache and its built-in directories.
#pragma once

#include <link.h>

#include "audit/config.h"
#include "reloc/base/text.h"

namespace reloc {

// An object of the process, and the one that loaded it: DT_RPATH is inherited along this chain. (ld.so leaves
// the caller of dlopen(3) out of it, which cannot be distinguished here: one more directory is searched.)
struct LoadedObject {
  const link_map* map = nullptr;  // nullptr once it is closed
  const LoadedObject* loader = nullptr;
  string_view path;  // for $ORIGIN
};

class LibrarySearch {
 public:
  // Finds the file that `loader` requests as `name`, which has no slash; `main` is the program. The result is
  // valid until the next search; nullptr if there is none.
  const char* Find(const AuditConfig& config, const LoadedObject* loader, const LoadedObject* main,
                   string_view name);

 private:
  bool TryInherited(const LoadedObject* loader, const LoadedObject* main);
  bool TryDirectories(string_view list, string_view separators, const LoadedObject* origin);
  bool TryDirectory(string_view directory, const LoadedObject* origin);

  const AuditConfig* config_ = nullptr;
  string_view name_;
  PathText path_;
};

}  // namespace reloc
