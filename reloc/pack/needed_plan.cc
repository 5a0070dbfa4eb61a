#include <set>

#include "absl/strings/match.h"
#include "reloc/base/path.h"
#include "reloc/pack/library_directory.h"
#include "reloc/pack/needed_paths.h"

namespace reloc {
namespace {

std::string NameOf(const std::string& path) { return std::string(BaseName(path)); }
std::string DirectoryOf(const std::string& path) { return std::string(DirName(path)); }

bool Contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// musl's ld.so has other rules.
bool IsForMusl(const ElfInfo& elf) {
  return std::any_of(elf.needed.begin(), elf.needed.end(), [](const std::string& name) {
    return name == "libc.so" || absl::StartsWith(name, "libc.musl-");
  });
}

class Names {
 public:
  Names(const StoreLocation& store, const StoreLibraries& libraries) : libraries_(libraries) {
    for (const auto& [real, elf] : libraries.elves) NoteLoader(store, elf);
    for (const ObjectLibraries& object : libraries.objects) NoteFile(object);
    for (const ObjectLibraries& object : libraries.objects) NoteOwnWays(object);
  }

  bool MayHavePath(const FoundLibrary& library) const {
    auto file = files_.find(library.name);
    return file != files_.end() && file->second == library.real && !excluded_.contains(library.name) &&
           libraries_.elves.at(library.real).soname == library.name;
  }

 private:
  // ld.so is loaded before any object requests it, and would not recognize itself by another path.
  void NoteLoader(const StoreLocation& store, const ElfInfo& elf) {
    if (elf.interp.empty()) return;
    excluded_.insert(NameOf(elf.interp));
    loader_directories_.insert(DirectoryOf(RealStorePath(store, elf.interp)));
  }

  void NoteFile(const ObjectLibraries& object) {
    auto [file, is_new] = files_.try_emplace(NameOf(object.object), object.real);
    if (!is_new && file->second != object.real) excluded_.insert(file->first);
  }

  // Notes names that an object finds in a different way, and so perhaps in another file; and those that it
  // does not request itself, but expects to be loaded under that name.
  void NoteOwnWays(const ObjectLibraries& object) {
    const ElfInfo& elf = libraries_.elves.at(object.real);
    for (const std::string& name : elf.versioned)
      if (!Contains(elf.needed, name)) excluded_.insert(name);
    for (const std::string& name : object.not_found)
      if (!IsInLoaderDirectory(object, name)) excluded_.insert(name);
    if (IsForMusl(elf))
      for (const FoundLibrary& library : object.found) excluded_.insert(library.name);
  }

  // Without a path of its own, an object gets libc's libraries from the directory built into ld.so.
  bool IsInLoaderDirectory(const ObjectLibraries& object, const std::string& name) const {
    const ElfInfo& elf = libraries_.elves.at(object.real);
    auto file = files_.find(name);
    return elf.runpath.empty() && elf.rpath.empty() && file != files_.end() &&
           loader_directories_.contains(DirectoryOf(file->second));
  }

  const StoreLibraries& libraries_;
  std::map<std::string, std::string> files_;  // by name: one of the files with that name
  std::set<std::string> excluded_;
  std::set<std::string> loader_directories_;
};

}  // namespace

NeededPaths PlanNeededPaths(const StoreLocation& store, const StoreLibraries& libraries) {
  const Names names(store, libraries);
  NeededPaths paths;
  for (const ObjectLibraries& object : libraries.objects) {
    if (object.object != object.real) continue;
    for (const FoundLibrary& library : object.found)
      if (names.MayHavePath(library)) paths[object.real].push_back({library.name, library.file});
  }
  return paths;
}

}  // namespace reloc
