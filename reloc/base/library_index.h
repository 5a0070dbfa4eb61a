// The index of a pack's libraries, <pack>/.reloc/libraries: which file each library is that an object of the
// pack asks for. relocctl writes it (pack/library_index.h); the audit module, which is linked to nothing,
// reads it where it is mapped.
//
// Little-endian. A header, a hash table of objects, their needs, and the strings that all of them refer to by
// offset. Strings are NUL-terminated; paths are those below the store prefix ("/<item>/lib/libz.so.1").
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// Beside the directory of the modules.
inline constexpr string_view kLibraryIndexName = "/libraries";

inline constexpr char kLibraryIndexMagic[8] = {'R', 'E', 'L', 'O', 'C', 'L', 'I', 'B'};
inline constexpr uint32_t kLibraryIndexVersion = 1;

struct LibraryIndexHeader {
  char magic[8];
  uint32_t version;
  uint32_t slots;    // of the hash table: a power of two, and at least one is empty
  uint32_t needs;    // of all objects
  uint32_t strings;  // bytes; the last one is NUL
};

// An object, by the path that it was loaded from. Looked for from Fnv1a32(path) on, one after the
// other.
struct LibraryIndexSlot {
  uint32_t path;  // 0: the slot is empty, and the search is over
  uint32_t first;
  uint32_t count;  // of its needs, which follow each other
};

struct LibraryIndexNeed {
  uint32_t name;
  uint32_t file;
  uint32_t rpath;  // 1: found by DT_RPATH, which comes before LD_LIBRARY_PATH; else 0
};

class LibraryIndex {
 public:
  struct Library {
    string_view file;  // NUL-terminated
    bool rpath = false;
  };

  // False if `bytes`, which begin at a multiple of 4, are no index of this version. They must outlive this.
  // What they say inside is checked when it is used.
  bool Parse(string_view bytes);

  // The library that `object`, loaded from that path, asks for by `name`. False if the index does not tell.
  bool Find(string_view object, string_view name, Library* library) const;

 private:
  // Empty for an offset outside.
  string_view StringAt(uint32_t offset) const;
  const LibraryIndexSlot* FindObject(string_view path) const;

  const LibraryIndexHeader* header_ = nullptr;
  const LibraryIndexSlot* slots_ = nullptr;
  const LibraryIndexNeed* needs_ = nullptr;
  const char* strings_ = nullptr;
};

}  // namespace reloc
