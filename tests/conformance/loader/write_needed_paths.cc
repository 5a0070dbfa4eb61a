// Writes into all objects of a store which files their libraries are, as for a grafted mirror.
//
// Usage: write_needed_paths PREFIX DIRECTORY      prints how many files it changed and how many it could not
#include <cstdio>
#include <fstream>
#include <iterator>

#include "reloc/pack/closure.h"
#include "reloc/pack/needed_paths.h"

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::StatusOr<std::vector<reloc::ClosureItem>> ListStore(const reloc::StoreLocation& store) {
  auto names = reloc::ListItems(store);
  if (!names.ok()) return names.status();
  std::vector<reloc::ClosureItem> items;
  for (const std::string& name : *names) {
    auto files = reloc::ListTree(store.directory + "/" + name);
    if (!files.ok()) return files.status();
    items.push_back({name, {}, *std::move(files)});
  }
  return items;
}

int Write(const reloc::StoreLocation& store, const std::vector<reloc::ClosureItem>& items) {
  const auto libraries = reloc::FindLibraries(store, reloc::ObjectCandidates(store, items));
  int changed = 0, unchanged = 0;
  for (const auto& [object, paths] : reloc::PlanNeededPaths(store, libraries)) {
    const std::string path = reloc::HostPath(store, object);
    std::string bytes = ReadFile(path);
    if (reloc::WriteNeededPaths(paths, &bytes)) {
      std::ofstream(path, std::ios::binary) << bytes;
      ++changed;
    } else {
      ++unchanged;
    }
  }
  std::printf("%d %d\n", changed, unchanged);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto store = reloc::LocateStore(argv[1], argv[2]);
  if (!store.ok()) return 1;
  auto items = ListStore(*store);
  return items.ok() ? Write(*store, *items) : 1;
}
