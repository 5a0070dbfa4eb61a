#include "reloc/pack/host_data.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/tree.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<std::string> Canonical(const std::string& path) {
  std::error_code error;
  fs::path canonical = fs::canonical(path, error);
  if (error) return SystemError(error.value(), "cannot find the data " + path);
  return canonical.string();
}

// Returns the path without its tree, and without a "/" before it.
std::string PlaceIn(const std::vector<std::string>& trees, const std::string& path) {
  for (const std::string& tree : trees)
    if (tree != "/" && path != tree && IsBelow(path, tree)) return path.substr(tree.size() + 1);
  return path.substr(1);
}

// Returns a symlink's target. `from` and `to` are paths relative to the same directory.
std::string RelativeLink(const std::string& from, const std::string& to) {
  return fs::path(to).lexically_relative(fs::path(from).parent_path()).string();
}

// A plugin or program in the data, with what its loader finds for it.
struct Object {
  size_t file;  // its index in the item's files
  ElfInfo elf;
  LibraryGraph graph;
};

// Returns the first complete answer, otherwise the first that is no error.
absl::StatusOr<LoadedLibraries> AskLoaders(const std::vector<std::string>& loaders,
                                           const std::string& object) {
  absl::StatusOr<LoadedLibraries> best =
      absl::FailedPreconditionError("no program with a loader is imported");
  for (const std::string& loader : loaders) {
    absl::StatusOr<LoadedLibraries> loaded = AskLoader(loader, object);
    if (loaded.ok() && loaded->complete) return loaded;
    if (!best.ok()) best = std::move(loaded);
  }
  return best;
}

class DataPlanner {
 public:
  DataPlanner(AddedData* added, std::vector<std::string> loaders, SourceFiles* sources,
              const ItemNames& names, HostPlan* plan)
      : added_(added), loaders_(std::move(loaders)), sources_(sources), names_(names), plan_(plan) {}

  absl::Status Run() {
    for (const AddedData::Path& path : added_->paths) RELOC_RETURN_IF_ERROR(AddTree(path));
    for (size_t i = 0; i < files_.size(); ++i) RELOC_RETURN_IF_ERROR(Describe(i));
    added_->item = names_.Name("data", std::move(facts_));
    for (Object& object : objects_) RELOC_RETURN_IF_ERROR(Link(&object));
    plan_->Add(added_->item, std::move(files_));
    return absl::OkStatus();
  }

 private:
  absl::Status AddTree(const AddedData::Path& path) {
    RELOC_ASSIGN_OR_RETURN(const std::vector<TreeFile> tree, ListTree(path.source));
    for (const TreeFile& file : tree) {
      const std::string source = JoinPath(path.source, file.path);
      const std::string place = JoinPath(path.place, file.path);
      if (file.type == FileType::kSymlink)
        AddSymlink(source, place);
      else
        files_.push_back(
            {.kind = file.type == FileType::kDirectory ? HostFile::Kind::kDirectory : HostFile::Kind::kCopy,
             .path = place,
             .source = source});
    }
    return absl::OkStatus();
  }

  void AddSymlink(const std::string& source, const std::string& place) {
    std::error_code error;
    const std::string end = fs::canonical(source, error).string();
    const std::string inside = error ? "" : added_->PlaceOf(end);
    if (!inside.empty())
      files_.push_back(
          {.kind = HostFile::Kind::kSymlink, .path = place, .text = RelativeLink(place, inside)});
    else if (!error && fs::is_regular_file(end, error))
      files_.push_back({.kind = HostFile::Kind::kCopy, .path = place, .source = end});
    else
      plan_->warnings.push_back(source +
                                " is left out: a symlink to nothing, or to a directory that is not added");
  }

  // Adds the file and what it loads to the item's hash.
  absl::Status Describe(size_t index) {
    const HostFile& file = files_[index];
    if (file.kind == HostFile::Kind::kSymlink) facts_.push_back(absl::StrCat(file.path, " -> ", file.text));
    if (file.kind == HostFile::Kind::kDirectory) facts_.push_back(file.path + "/");
    if (file.kind != HostFile::Kind::kCopy) return absl::OkStatus();
    RELOC_ASSIGN_OR_RETURN(std::string fact, sources_->Fact(file.path, file.source));
    facts_.push_back(std::move(fact));
    absl::Status loads = DescribeObject(index);
    if (!loads.ok())
      plan_->warnings.push_back(absl::StrCat(file.source, " stays as it is: ", loads.message()));
    return absl::OkStatus();
  }

  absl::Status DescribeObject(size_t index) {
    const std::string& source = files_[index].source;
    if (!IsElf(source)) return absl::OkStatus();
    // Test data of a program may include broken or foreign ELF files: they are no error.
    absl::StatusOr<ElfInfo> elf = ReadElf(source);
    if (!elf.ok() || !elf->dynamic || elf->static_executable) return absl::OkStatus();
    const std::vector<std::string> own = {elf->interp};
    RELOC_ASSIGN_OR_RETURN(LoadedLibraries loaded, AskLoaders(elf->interp.empty() ? loaders_ : own, source));
    Object object = {index, *std::move(elf), LibraryGraph(std::move(loaded), sources_, &names_, added_)};
    RELOC_ASSIGN_OR_RETURN(std::vector<std::string> needs, object.graph.Facts(object.elf.needed));
    facts_.insert(facts_.end(), needs.begin(), needs.end());
    objects_.push_back(std::move(object));
    return absl::OkStatus();
  }

  absl::Status Link(Object* object) {
    HostFile& file = files_[object->file];
    file.kind = HostFile::Kind::kElf;
    RELOC_ASSIGN_OR_RETURN(file.run_path, object->graph.Directories(object->elf.needed));
    file.run_path = WithOwnRunPath(std::move(file.run_path), object->elf);
    if (!object->elf.interp.empty()) {
      RELOC_ASSIGN_OR_RETURN(file.interpreter, object->graph.Loader());
    }
    return object->graph.AddItems(object->elf.needed, plan_);
  }

  AddedData* added_;
  const std::vector<std::string> loaders_;
  SourceFiles* sources_;
  const ItemNames& names_;
  HostPlan* plan_;
  std::vector<HostFile> files_;
  std::vector<std::string> facts_;
  std::vector<Object> objects_;
};

}  // namespace

absl::StatusOr<AddedData> LocateAddedData(const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& trees) {
  std::vector<std::string> known_trees = trees;
  known_trees.push_back("/usr");
  std::map<std::string, std::string> places;  // by source, so that a directory comes before its files
  for (const std::string& path : wanted) {
    RELOC_ASSIGN_OR_RETURN(const std::string source, Canonical(path));
    if (source == "/") return absl::InvalidArgumentError("cannot add / as data");
    // The target of symlinks in the path does not matter to the program, only the path that it uses.
    std::error_code error;
    const std::string named = fs::absolute(path, error).lexically_normal().string();
    if (error) return SystemError(error.value(), absl::StrCat("no absolute path for '", path, "'"));
    std::string place = PlaceIn(known_trees, named);
    while (!place.empty() && place.back() == '/') place.pop_back();
    places.emplace(source, std::move(place));
  }
  AddedData added;
  std::map<std::string, std::string> taken;
  for (const auto& [source, place] : places) {
    if (!added.PlaceOf(source).empty()) continue;
    if (auto [other, is_new] = taken.emplace(place, source); !is_new)
      return absl::InvalidArgumentError(
          absl::StrCat("cannot add both ", other->second, " and ", source, ": each would be ", place));
    added.paths.push_back({source, place});
  }
  return added;
}

absl::Status PlanAddedData(AddedData* added, std::vector<std::string> loaders, SourceFiles* sources,
                           const ItemNames& names, HostPlan* plan) {
  if (added->paths.empty()) return absl::OkStatus();
  return DataPlanner(added, std::move(loaders), sources, names, plan).Run();
}

std::vector<HostFile> LinksToAddedData(const AddedData& added) {
  std::vector<HostFile> links;
  for (const AddedData::Path& path : added.paths) {
    // An item is a directory beside the other items of the store.
    const std::string target = RelativeLink("item/" + path.place, added.item + "/" + path.place);
    links.push_back({.kind = HostFile::Kind::kSymlink, .path = path.place, .text = target});
  }
  return links;
}

}  // namespace reloc
