#include "reloc/launch/host_entries.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "reloc/base/file.h"
#include "reloc/launch/directory.h"

namespace reloc {
namespace {

constexpr const char* kStep = "list host entries";

// Appends the entries of `directory` ("" for "/") but for the one called `excluded`.
Errno ListLevel(string_view directory, string_view excluded, size_t* count, TextBuffer* list) {
  PathText path;
  path << (directory.empty() ? string_view("/") : directory);
  Result<UniqueFd> fd = Open(path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return fd.error();
  DirectoryReader reader(fd->get());
  DirectoryEntry entry;
  bool more = true;
  while (true) {
    RELOC_TRY(reader.Next(&entry, &more));
    if (!more) return kOk;
    if (strchr(entry.name, ':') != nullptr || entry.name == excluded) continue;
    *list << ':' << directory << '/' << entry.name;
    ++*count;
  }
}

}  // namespace

bool ListHostEntries(string_view prefix, size_t limit, TextBuffer* list, Failure* failure) {
  size_t count = 0;
  string_view directory;
  string_view rest = Suffix(prefix, 1);
  while (!rest.empty()) {
    string_view name = SplitFirst(rest, '/', &rest);
    Errno e = ListLevel(directory, name, &count, list);
    // A level that the host does not have is the pack's alone.
    if ((e.value == ENOENT || e.value == ENOTDIR) && !directory.empty()) break;
    if (!e.ok()) {
      failure->Set(kStep, e, directory.empty() ? "/" : directory);
      return false;
    }
    directory = Prefix(prefix, static_cast<size_t>(name.data() + name.size() - prefix.data()));
  }
  if (count <= limit && !list->overflowed()) return true;
  failure->Set(kStep, Errno{E2BIG}, "/",
               "the host has more entries beside the store than this engine can take");
  return false;
}

}  // namespace reloc
