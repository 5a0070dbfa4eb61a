#include "reloc/launch/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "reloc/base/file.h"
#include "reloc/launch/directory.h"

namespace reloc {
namespace {

// Calls `see(number)` for each open descriptor except the listing's own, in ascending order, as /proc lists
// them.
template <typename See>
Errno ForEachDescriptor(See see) {
  Result<UniqueFd> listing = Open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
  if (!listing.ok()) return listing.error();
  DirectoryReader reader(listing->get());
  DirectoryEntry entry;
  bool more = true;
  while (true) {
    RELOC_TRY(reader.Next(&entry, &more));
    if (!more) return kOk;
    uint64_t number = 0;
    if (ParseDecimal(entry.name, &number) && static_cast<int>(number) != listing->get())
      see(static_cast<int>(number));
  }
}

}  // namespace

Result<std::span<int>> ListDescriptors(Arena* arena) {
  size_t count = 0;
  if (Errno e = ForEachDescriptor([&](int) { ++count; }); !e.ok()) return e;
  int* numbers = arena->TakeArray<int>(count + 1);
  if (numbers == nullptr) return Errno{ENOMEM};
  size_t listed = 0;
  Errno e = ForEachDescriptor([&](int number) {
    if (listed < count) numbers[listed++] = number;
  });
  if (!e.ok()) return e;
  return std::span<int>(numbers, listed);
}

Errno CloseAllDescriptorsBut(std::span<const int> keep, Arena* arena) {
  Result<std::span<int>> open = ListDescriptors(arena);
  if (!open.ok()) return open.error();
  for (int number : *open) {
    // close(2): on Linux the descriptor is closed whatever is returned.
    if (!std::binary_search(keep.begin(), keep.end(), number)) ::close(number);
  }
  return kOk;
}

}  // namespace reloc
