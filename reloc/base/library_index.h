// The index of a pack's libraries, <pack>/.reloc/libraries. It maps each library name that an object of the
// pack needs to the file that provides it. relocctl writes it (pack/library_index.h); the audit module, which
// is linked to no library, maps it and reads it there.
//
// Little-endian. A header, a hash table of objects, their needs, and the strings that all of them refer to by
// offset. Strings are NUL-terminated; paths are relative to the store prefix ("/<item>/lib/libz.so.1").
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// The file is in the same directory as the modules.
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

// An object, identified by the path that it was loaded from. Linear probing begins at Fnv1a32(path).
struct LibraryIndexSlot {
  uint32_t path;  // 0: the slot is empty, and the search ends
  uint32_t first;
  uint32_t count;  // of its needs, which are consecutive
};

struct LibraryIndexNeed {
  uint32_t name;
  uint32_t file;
  uint32_t rpath;  // 1: found by DT_RPATH, which comes before LD_LIBRARY_PATH; otherwise 0
};

class LibraryIndex {
 public:
  struct Library {
    string_view file;  // NUL-terminated
    bool rpath = false;
  };

  // Returns false if `bytes`, which must be aligned to 4, are not an index of this version. They must outlive
  // this object. Offsets in them are checked only when they are used.
  bool Parse(string_view bytes);

  // Finds the library that `object`, given by the path it was loaded from, needs under `name`. Returns false
  // if the index does not have it.
  bool Find(string_view object, string_view name, Library* library) const;

 private:
  // Returns empty text for an offset out of range.
  string_view StringAt(uint32_t offset) const;
  const LibraryIndexSlot* FindObject(string_view path) const;

  const LibraryIndexHeader* header_ = nullptr;
  const LibraryIndexSlot* slots_ = nullptr;
  const LibraryIndexNeed* needs_ = nullptr;
  const char* strings_ = nullptr;
};

}  // namespace reloc
