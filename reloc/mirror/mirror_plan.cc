#include "reloc/mirror/mirror_plan.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/tree.h"
#include "reloc/launch/pack_files.h"
#include "reloc/mirror/layout.h"
#include "reloc/pack/contents.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_names.h"
#include "reloc/pack/shim.h"

namespace reloc {
namespace {

constexpr const char* kNotes[] = {kItemsPath, kOriginPath, kModulesPath, kUnsyncedPath, kDamagedPath};

constexpr uint64_t kBlock = 4096;  // of most file systems; of the others this is an estimate

// Names in contents.json are valid: CheckContents has seen them.
std::string Unescaped(const std::string& name) { return *UnescapeName(name); }

class Planner {
 public:
  explicit Planner(const Donors& donors) : donors_(donors) {}

  void AddDirectory(std::string path, std::string donor = "", std::string_view item = {}) {
    by_path_.emplace(path, plan_.directories.size());
    plan_.directories.push_back({std::move(path), std::move(donor), item});
    plan_.disk_bytes += kBlock;
  }

  // `path`, and the directories above it, of which none is there yet.
  void AddDirectories(std::string_view path) {
    for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
      AddDirectory(std::string(path.substr(0, slash)));
    }
    AddDirectory(std::string(path));
  }

  void AddItem(const std::string& store, pb::Item* item) {
    auto donor = donors_.find(item->name());
    const std::string top = absl::StrCat(store, "/", item->name());
    for (pb::File& file : *item->mutable_files()) {
      const std::string inside = Unescaped(file.path());
      std::string path = JoinPath(top, inside);
      if (file.type() == pb::File::DIRECTORY) {
        AddDirectory(path, donor == donors_.end() ? "" : JoinPath(donor->second, inside), item->name());
      } else {
        AddFile(path, inside, &file, donor != donors_.end() && !inside.empty());
      }
    }
  }

  void AddOwnFiles(FileList* files) {
    for (pb::File& file : *files) {
      if (!IsForMirror(file)) continue;
      std::string path = Unescaped(file.path());
      if (file.type() == pb::File::DIRECTORY) {
        AddDirectory(path);
      } else {
        AddFile(path, path, &file, false);
      }
    }
  }

  MirrorPlan Finish() && { return std::move(plan_); }

 private:
  void AddFile(const std::string& path, const std::string& inside, pb::File* file, bool donated) {
    PlannedDirectory& directory = plan_.directories[by_path_.at(std::string(DirName(path)))];
    directory.files.push_back({std::string(BaseName(path)), inside, file});
    plan_.bytes += file->size();
    if (!donated) plan_.disk_bytes += (file->size() + kBlock - 1) / kBlock * kBlock;
  }

  const Donors& donors_;
  MirrorPlan plan_;
  absl::flat_hash_map<std::string, size_t> by_path_;  // index of a directory
};

}  // namespace

bool IsForMirror(const pb::File& own_file) {
  const std::string& path = own_file.path();
  if (!IsBelow(path, kPackMetaDir) || own_file.holds_digest()) return false;
  return !IsBelow(path, kPlansDir) && path != kShimPath && !IsMirrorNote(path);
}

bool IsMirrorNote(std::string_view path) {
  return std::any_of(std::begin(kNotes), std::end(kNotes),
                     [&](const char* note) { return IsBelow(path, note); });
}

MirrorPlan PlanMirror(const pb::Manifest& manifest, pb::Contents* contents, const Donors& donors) {
  Planner planner(donors);
  const std::string store = manifest.store_prefix().substr(1);
  planner.AddDirectories(store);
  for (pb::Item& item : *contents->mutable_items()) planner.AddItem(store, &item);
  planner.AddOwnFiles(contents->mutable_own_files());
  return std::move(planner).Finish();
}

}  // namespace reloc
