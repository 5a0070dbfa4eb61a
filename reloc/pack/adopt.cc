#include "reloc/pack/adopt.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/tree.h"
#include "reloc/pack/closure.h"
#include "reloc/pack/relink.h"
#include "reloc/pack/staging.h"

namespace reloc {
namespace {

bool Exists(const std::string& path) {
  struct stat st;
  return lstat(path.c_str(), &st) == 0;
}

absl::StatusOr<std::string> RealPath(const std::string& path) {
  std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), &free);
  if (!real) return SystemError(errno, absl::StrCat("cannot find ", path));
  return std::string(real.get());
}

absl::StatusOr<std::string> FindPrefix(const std::string& directory) {
  std::vector<std::string> found;
  for (const char* prefix : {"/gnu/store", "/nix/store"}) {
    if (Exists(absl::StrCat(directory, prefix))) found.push_back(prefix);
  }
  if (found.size() == 1) return found[0];
  return absl::InvalidArgumentError(absl::StrCat(
      directory,
      found.empty() ? " holds neither gnu/store nor nix/store" : " holds both gnu/store and nix/store",
      ": say which store it is with --store-prefix"));
}

// Returns the store of the directory, which must really be in it.
absl::StatusOr<StoreLocation> LocateStoreIn(const std::string& directory, std::string prefix) {
  if (prefix.empty()) {
    RELOC_ASSIGN_OR_RETURN(prefix, FindPrefix(directory));
  }
  std::string expected = absl::StrCat(directory, prefix);
  RELOC_ASSIGN_OR_RETURN(StoreLocation store, LocateStore(std::move(prefix), expected));
  if (store.directory == expected) return store;
  return absl::InvalidArgumentError(absl::StrCat(expected, " leads out of the pack, to ", store.directory));
}

// Returns the host or store paths whose bin/ and sbin/ contain the default entries.
std::vector<std::string> DefaultPaths(const std::string& directory, const StoreLocation& store,
                                      const Closure& closure) {
  if (Exists(absl::StrCat(directory, "/bin")) || Exists(absl::StrCat(directory, "/sbin"))) return {directory};
  // Derivations describe how items were built, and refer to their outputs.
  auto is_derivation = [](const ClosureItem& item) { return absl::EndsWith(item.name, ".drv"); };
  absl::flat_hash_set<std::string> referenced;
  for (const ClosureItem& item : closure.items) {
    if (!is_derivation(item)) referenced.insert(item.references.begin(), item.references.end());
  }
  std::vector<std::string> paths;
  for (const ClosureItem& item : closure.items) {
    if (!is_derivation(item) && !referenced.contains(item.name))
      paths.push_back(absl::StrCat(store.prefix, "/", item.name));
  }
  return paths;
}

absl::Status RequireReplaceable(const std::string& bin) {
  if (!Exists(bin)) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> files, ListTree(bin));
  for (const TreeFile& file : files) {
    if (file.type == FileType::kRegular) {
      return absl::FailedPreconditionError(absl::StrCat(
          JoinPath(bin, file.path), " is a file, and bin/ becomes the pack's entries: move it away"));
    }
  }
  return absl::OkStatus();
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot rename ", from, " to ", to));
}

// Moves `made`/bin and `made`/.reloc into the directory; an old bin moves to `made`/old-bin. .reloc comes
// last, because it makes the directory a pack.
absl::Status Install(const std::string& made, const std::string& directory) {
  std::string bin = absl::StrCat(directory, "/bin"), old_bin = absl::StrCat(made, "/old-bin");
  bool replaces = Exists(bin);
  if (replaces) RELOC_RETURN_IF_ERROR(Rename(bin, old_bin));
  absl::Status status = RenameNew(absl::StrCat(made, "/bin"), bin);
  if (status.ok()) {
    status = RenameNew(absl::StrCat(made, "/.reloc"), absl::StrCat(directory, "/.reloc"));
    if (!status.ok()) status.Update(Rename(bin, absl::StrCat(made, "/bin")));
  }
  if (!status.ok() && replaces) status.Update(Rename(old_bin, bin));
  return status;
}

std::vector<std::string> DescribeMissing(const Closure& closure) {
  std::vector<std::string> warnings;
  for (const MissingItem& missing : closure.missing) {
    warnings.push_back(absl::StrCat(missing.referrer, " refers to ", missing.name, ", which is not there"));
  }
  return warnings;
}

}  // namespace

absl::StatusOr<PackSummary> AdoptPack(const AdoptOptions& options, const PackTools& tools) {
  RELOC_ASSIGN_OR_RETURN(std::string directory, RealPath(options.directory));
  std::string meta = absl::StrCat(directory, "/.reloc"), bin = absl::StrCat(directory, "/bin");
  if (Exists(meta)) return absl::AlreadyExistsError(absl::StrCat(directory, " is a pack already"));
  RELOC_ASSIGN_OR_RETURN(StoreLocation store, LocateStoreIn(directory, options.prefix));
  RELOC_RETURN_IF_ERROR(RequireReplaceable(bin));

  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> items, ListItems(store));
  RELOC_ASSIGN_OR_RETURN(Closure closure, FindClosure(store, items, tools.progress));
  std::vector<std::string> warnings = DescribeMissing(closure);
  RELOC_ASSIGN_OR_RETURN(
      std::vector<PackEntry> entries,
      FindEntries(store, DefaultPaths(directory, store, closure), options.entries, &warnings));

  RELOC_ASSIGN_OR_RETURN(Staging staging, Staging::Create(meta));
  Relinker relinker;
  RELOC_RETURN_IF_ERROR(relinker.MakeRelative(store, closure.items));
  RELOC_ASSIGN_OR_RETURN(PackSummary summary, FurnishPack(staging.directory(), directory, store,
                                                          closure.items, std::move(entries), tools));
  RELOC_RETURN_IF_ERROR(Install(staging.directory(), directory));
  relinker.Keep();
  if (Exists(absl::StrCat(staging.directory(), "/old-bin"))) {
    warnings.push_back(
        absl::StrCat(bin, " was a symlink tree; it is now the directory of the pack's entries"));
  }
  summary.warnings.insert(summary.warnings.begin(), warnings.begin(), warnings.end());
  return summary;
}

}  // namespace reloc
