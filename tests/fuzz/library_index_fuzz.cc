// Any bytes are an index or none, and are never read out of bounds; and what is found is a path.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "reloc/base/library_index.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> bytes(data, data + size);
  reloc::LibraryIndex index;
  if (!index.Parse({bytes.data(), bytes.size()})) return 0;
  for (reloc::string_view object : {"", "/a", "/b"}) {
    for (reloc::string_view name : {"", "b", "c"}) {
      reloc::LibraryIndex::Library library;
      if (!index.Find(object, name, &library)) continue;
      if (library.file[0] != '/' || std::strlen(library.file.data()) != library.file.size()) std::abort();
    }
  }
  return 0;
}
