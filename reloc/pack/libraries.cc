#include "reloc/pack/libraries.h"

#include <elf.h>

#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reloc/base/path.h"
#include "reloc/hosted/parallel.h"
#include "reloc/pack/elf.h"
#include "reloc/pack/library_directory.h"

namespace reloc {
namespace {

// Returns the directory that an entry of DT_RUNPATH means for an object in `origin`, as ld.so writes it;
// empty if that is unknown here. An empty entry is the working directory.
std::string Expand(absl::string_view entry, const std::string& origin) {
  bool relative = absl::ConsumePrefix(&entry, "$ORIGIN") || absl::ConsumePrefix(&entry, "${ORIGIN}");
  if (absl::StrContains(entry, '$')) return "";
  while (entry.size() > 1 && absl::EndsWith(entry, "/")) entry.remove_suffix(1);
  return absl::StrCat(relative ? origin : "", entry);
}

class LibraryFinder {
 public:
  LibraryFinder(const StoreLocation& store, const ProgressCallback& progress)
      : store_(store), directories_(store), meter_(progress, "libraries") {}

  StoreLibraries Run(const std::vector<std::string>& candidates) {
    ReadAll(candidates);
    while (!waiting_.empty() && meter_.Add(0).ok()) {
      std::string path = std::move(waiting_.back());
      waiting_.pop_back();
      Resolve(&objects_.at(path));
    }
    StoreLibraries libraries;
    for (auto& [path, object] : objects_) libraries.objects.push_back(std::move(object));
    for (auto& [real, elf] : elves_)
      if (elf) libraries.elves.emplace(real, *std::move(elf));
    return libraries;
  }

 private:
  void ReadAll(const std::vector<std::string>& paths) {
    std::vector<std::string> reals(paths.size());
    std::vector<std::optional<ElfInfo>> elves(paths.size());
    absl::Status status = ParallelFor(paths.size(), [&](size_t i) {
      reals[i] = RealStorePath(store_, paths[i]);
      elves[i] = Read(reals[i]);
      return meter_.Add(0);
    });
    status.IgnoreError();  // the caller asked to stop: the rest is left out
    for (size_t i = 0; i < paths.size(); ++i) {
      elves_.try_emplace(reals[i], std::move(elves[i]));
      AddObject(paths[i], reals[i]);
    }
  }

  std::optional<ElfInfo> Read(const std::string& real) const {
    if (real.empty()) return std::nullopt;
    absl::StatusOr<ElfInfo> elf = ReadElf(HostPath(store_, real));
    return elf.ok() ? std::make_optional(*std::move(elf)) : std::nullopt;
  }

  const std::optional<ElfInfo>& Elf(const std::string& real) {
    auto [elf, is_new] = elves_.try_emplace(real);
    if (is_new) elf->second = Read(real);
    return elf->second;
  }

  void AddObject(const std::string& path, const std::string& real) {
    const std::optional<ElfInfo>& elf = Elf(real);
    if (!elf || !elf->dynamic) return;
    if (objects_.try_emplace(path, ObjectLibraries{path, real, {}, {}}).second) waiting_.push_back(path);
  }

  void Resolve(ObjectLibraries* object) {
    const std::optional<ElfInfo>& elf = Elf(object->real);
    for (const std::string& name : elf->needed) {
      if (absl::StrContains(name, '/')) continue;
      std::optional<FoundLibrary> found = Search(*object, name);
      if (!found) {
        object->not_found.push_back(name);
        continue;
      }
      AddObject(found->file, found->real);
      object->found.push_back(*std::move(found));
    }
  }

  std::optional<FoundLibrary> Search(const ObjectLibraries& object, const std::string& name) {
    const ElfInfo& elf = *Elf(object.real);
    const std::string& list = elf.runpath.empty() ? elf.rpath : elf.runpath;
    if (list.empty()) return std::nullopt;
    for (absl::string_view entry : absl::StrSplit(list, ':')) {
      const std::string path = Expand(entry, std::string(DirName(object.object)));
      const LibraryDirectory& directory = directories_.At(path);
      if (!directory.known || directory.variants.contains(name)) return std::nullopt;
      if (!directory.names.contains(name)) continue;
      FoundLibrary found = {name, absl::StrCat(path, "/", name), "", elf.runpath.empty()};
      found.real = RealStorePath(store_, found.file);
      const std::optional<ElfInfo>& library = Elf(found.real);
      if (!library || library->type != ET_DYN) return std::nullopt;
      // ld.so skips libraries of other machines.
      if (library->machine == elf.machine) return found;
    }
    return std::nullopt;
  }

  const StoreLocation& store_;
  LibraryDirectories directories_;
  ProgressMeter meter_;
  std::map<std::string, std::optional<ElfInfo>> elves_;  // by real path; no value if it is no ELF file
  std::map<std::string, ObjectLibraries> objects_;       // by path
  std::vector<std::string> waiting_;                     // paths of objects
};

}  // namespace

bool MayBeObject(const std::string& path, bool directory, bool executable) {
  return !directory && (executable || absl::StrContains(path, ".so"));
}

std::vector<std::string> ObjectCandidates(const StoreLocation& store, const std::vector<ClosureItem>& items) {
  std::vector<std::string> paths;
  for (const ClosureItem& item : items) {
    for (const TreeFile& file : item.files) {
      if (MayBeObject(file.path, file.type == FileType::kDirectory, file.executable()))
        paths.push_back(absl::StrCat(store.prefix, "/", JoinPath(item.name, file.path)));
    }
  }
  return paths;
}

StoreLibraries FindLibraries(const StoreLocation& store, const std::vector<std::string>& candidates,
                             const ProgressCallback& progress) {
  return LibraryFinder(store, progress).Run(candidates);
}

}  // namespace reloc
