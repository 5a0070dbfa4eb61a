#include "reloc/pack/builder.h"

#include <errno.h>
#include <unistd.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/archive.h"
#include "reloc/pack/closure.h"
#include "reloc/pack/copy.h"
#include "reloc/pack/staging.h"

namespace reloc {
namespace {

// A pack while it is made: <staging>/pack, with its store in it.
class NewPack {
 public:
  static absl::StatusOr<NewPack> Create(const std::string& output, const std::string& prefix) {
    RELOC_ASSIGN_OR_RETURN(PackFormat format, FormatOf(output));
    RELOC_ASSIGN_OR_RETURN(Staging staging, Staging::Create(output));
    std::string pack = absl::StrCat(staging.directory(), "/pack");
    RELOC_RETURN_IF_ERROR(MakeDirectories(absl::StrCat(pack, prefix)));
    RELOC_ASSIGN_OR_RETURN(StoreLocation store, LocateStore(prefix, absl::StrCat(pack, prefix)));
    return NewPack(std::move(staging), std::move(pack), std::move(store), format);
  }

  const StoreLocation& store() const { return store_; }

  // Makes the symlink `path` (relative to the pack) to the store path `target`.
  absl::Status AddLink(const std::string& path, const std::string& target) {
    std::string host_path = absl::StrCat(pack_, "/", path);
    RELOC_RETURN_IF_ERROR(MakeDirectories(std::string(DirName(host_path))));
    // `target` is resolved as if the pack were the root directory.
    std::string relative = RelativeTarget("", absl::StrCat("/", path), target);
    if (symlink(relative.c_str(), host_path.c_str()) == 0) return absl::OkStatus();
    return SystemError(errno, absl::StrCat("cannot create symlink ", host_path));
  }

  // Makes a pack of the complete store, and renames it to its final name.
  absl::StatusOr<PackSummary> Finish(const std::vector<ClosureItem>& items, std::vector<PackEntry> entries,
                                     const PackTools& tools) && {
    RELOC_ASSIGN_OR_RETURN(PackSummary summary,
                           FurnishPack(pack_, pack_, store_, items, std::move(entries), tools));
    std::string made = pack_;
    if (format_ != PackFormat::kDirectory) {
      made = absl::StrCat(staging_.directory(), "/archive");
      RELOC_RETURN_IF_ERROR(WriteArchive(pack_, format_, made, tools.progress));
    }
    RELOC_RETURN_IF_ERROR(staging_.Publish(made));
    return summary;
  }

 private:
  NewPack(Staging staging, std::string pack, StoreLocation store, PackFormat format)
      : staging_(std::move(staging)), pack_(std::move(pack)), store_(std::move(store)), format_(format) {}

  Staging staging_;
  std::string pack_;
  StoreLocation store_;
  PackFormat format_;
};

// Returns the item that `path` leads to.
absl::StatusOr<std::string> RootItem(const StoreLocation& store, const std::string& path) {
  RELOC_ASSIGN_OR_RETURN(std::string real, ResolveInStore(store, path));
  std::string_view item = ItemOf(store, real);
  if (IsItemName(item)) return std::string(item);
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is not an item of the store ", store.prefix, ", nor a symlink to one"));
}

// Returns the items that must be in the pack: those of the paths and of entries from other places. If a path
// is a symlink in the store, both its item and the item it leads to are needed.
absl::StatusOr<std::vector<std::string>> FindRoots(const StoreSource& source,
                                                   const std::vector<PackEntry>& entries) {
  std::set<std::string> roots;
  for (const std::string& path : source.paths) {
    RELOC_ASSIGN_OR_RETURN(std::string root, RootItem(source.store, path));
    roots.insert(std::move(root));
    std::string store_path = StorePath(source.store, path);
    std::string_view named = ItemOf(source.store, store_path);
    if (IsItemName(named)) roots.emplace(named);
  }
  for (const PackEntry& entry : entries) {
    roots.emplace(ItemOf(source.store, entry.spec.program));
    roots.emplace(ItemOf(source.store, entry.program));
  }
  return std::vector<std::string>(roots.begin(), roots.end());
}

absl::Status CheckMissing(const StoreSource& source, const Closure& closure,
                          std::vector<std::string>* warnings) {
  if (!source.allow_missing) return RequireComplete(source.store, closure.missing);
  for (const MissingItem& missing : closure.missing) {
    warnings->push_back(absl::StrCat(missing.referrer, " refers to ", missing.name, ", which is not there"));
  }
  return absl::OkStatus();
}

void Prepend(std::vector<std::string> warnings, PackSummary* summary) {
  summary->warnings.insert(summary->warnings.begin(), warnings.begin(), warnings.end());
}

}  // namespace

absl::StatusOr<PackSummary> CreatePackFromStore(const StoreSource& source, const std::string& output,
                                                const PackTools& tools) {
  std::vector<std::string> warnings;
  RELOC_ASSIGN_OR_RETURN(NewPack pack, NewPack::Create(output, source.store.prefix));
  RELOC_ASSIGN_OR_RETURN(std::vector<PackEntry> entries,
                         FindEntries(source.store, source.paths, source.entries, &warnings));
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> roots, FindRoots(source, entries));
  RELOC_ASSIGN_OR_RETURN(Closure closure, FindClosure(source.store, roots, tools.progress));
  RELOC_RETURN_IF_ERROR(CheckMissing(source, closure, &warnings));
  RELOC_RETURN_IF_ERROR(CopyItems(source.store, closure.items, pack.store().directory, tools.progress));
  RELOC_ASSIGN_OR_RETURN(PackSummary summary,
                         std::move(pack).Finish(closure.items, std::move(entries), tools));
  Prepend(std::move(warnings), &summary);
  return summary;
}

absl::StatusOr<PackSummary> CreatePackFromHost(HostImportOptions options,
                                               const std::vector<EntrySpec>& entries,
                                               const std::string& output, const PackTools& tools) {
  RELOC_ASSIGN_OR_RETURN(NewPack pack, NewPack::Create(output, options.prefix));
  options.store_dir = pack.store().directory;
  RELOC_ASSIGN_OR_RETURN(HostImport import, ImportHostPrograms(options));
  std::vector<EntrySpec> specs = import.entries;
  specs.insert(specs.end(), entries.begin(), entries.end());
  for (const PackLink& link : import.links) RELOC_RETURN_IF_ERROR(pack.AddLink(link.path, link.target));
  std::vector<std::string> warnings = import.warnings;
  RELOC_ASSIGN_OR_RETURN(std::vector<PackEntry> found, FindEntries(pack.store(), {}, specs, &warnings));
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> items, ListItems(pack.store()));
  RELOC_ASSIGN_OR_RETURN(Closure closure, FindClosure(pack.store(), items, tools.progress));
  RELOC_RETURN_IF_ERROR(RequireComplete(pack.store(), closure.missing));
  RELOC_ASSIGN_OR_RETURN(PackSummary summary, std::move(pack).Finish(closure.items, std::move(found), tools));
  Prepend(std::move(warnings), &summary);
  return summary;
}

}  // namespace reloc
