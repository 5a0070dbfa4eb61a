#include "reloc/graft/graft_filter.h"

#include <span>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/graft/obstacle.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/hosted/tree.h"
#include "reloc/mirror/layout.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_names.h"

namespace reloc {
namespace {

// Lists the files that may be objects, from the pack's list of files.
absl::StatusOr<std::vector<std::string>> ListCandidates(const StoreLocation& store,
                                                        const pb::Contents& contents) {
  std::vector<std::string> paths;
  for (const pb::Item& item : contents.items()) {
    for (const pb::File& file : item.files()) {
      RELOC_ASSIGN_OR_RETURN(const std::string path, UnescapeName(file.path()));
      if (MayBeObject(path, file.type() == pb::File::DIRECTORY, file.executable())) {
        paths.push_back(absl::StrCat(store.prefix, "/", JoinPath(item.name(), path)));
      }
    }
  }
  return paths;
}

// Returns a plain mirror's store if there is one, because the pack may be slow to reach.
absl::StatusOr<StoreLocation> LocateOriginal(const MirrorCache& cache, const std::string& pack,
                                             const pb::Manifest& manifest) {
  const absl::StatusOr<Mirror> plain = cache.Find({DigestOf(manifest), MirrorKind::kPlain});
  const std::string& place = plain.ok() ? plain->path : pack;
  return LocateStore(manifest.store_prefix(), absl::StrCat(place, manifest.store_prefix()));
}

}  // namespace

std::string GraftedStore(const MirrorCache& cache, const PackDigest& digest,
                         const std::string& store_prefix) {
  return absl::StrCat(cache.directory(), "/", kMirrorsDir, "/", MirrorName({digest, MirrorKind::kGraft}),
                      store_prefix);
}

absl::StatusOr<std::unique_ptr<GraftFilter>> GraftFilter::Create(const MirrorCache& cache,
                                                                 const std::string& pack) {
  RELOC_ASSIGN_OR_RETURN(pb::Manifest manifest, LoadManifest(pack));
  const std::string& prefix = manifest.store_prefix();
  const std::string store = GraftedStore(cache, DigestOf(manifest), prefix);
  RELOC_ASSIGN_OR_RETURN(StoreLocation original, LocateOriginal(cache, pack, manifest));
  RELOC_ASSIGN_OR_RETURN(GraftPath path, MakeGraftPath(cache.directory(), store, prefix.size()));
  return absl::WrapUnique(
      new GraftFilter(PrefixRewriter(prefix, std::move(path.path)), store, std::move(original), path.is_new));
}

GraftFilter::GraftFilter(PrefixRewriter rewriter, std::string store, StoreLocation original, bool is_new)
    : rewriter_(std::move(rewriter)),
      store_(std::move(store)),
      original_(std::move(original)),
      kept_(!is_new) {}

GraftFilter::~GraftFilter() {
  // A destructor cannot report errors; a path that could not be removed is stale.
  if (!kept_) RemoveGraftPath(rewriter_.path(), store_).IgnoreError();
}

// Without a plain mirror the pack is read here, and again when it is copied. It may belong to another user,
// so nothing found here is trusted, except what the list confirms or FilterFile finds again.
absl::Status GraftFilter::Begin(const pb::Contents& contents, const ProgressCallback& progress) {
  RELOC_ASSIGN_OR_RETURN(const std::vector<std::string> candidates, ListCandidates(original_, contents));
  StoreLibraries libraries = FindLibraries(original_, candidates, progress);
  needed_ = PlanNeededPaths(original_, libraries);
  elves_ = std::move(libraries.elves);
  const ListedFiles listed(contents);
  for (auto& [object, paths] : needed_) {
    std::erase_if(paths, [&](const NeededPath& needed) { return !IsListed(listed, needed); });
  }
  return absl::OkStatus();
}

// Returns true if the path leads to the library that it was found to be, in the mirror too.
bool GraftFilter::IsListed(const ListedFiles& listed, const NeededPath& needed) const {
  if (!IsBelow(needed.path, rewriter_.prefix())) return false;
  const std::string file = listed.Find(std::string_view(needed.path).substr(rewriter_.prefix().size()));
  auto elf = elves_.find(absl::StrCat(rewriter_.prefix(), "/", file));
  return elf != elves_.end() && elf->second.soname == needed.name;
}

// Returns DataLoss if `bytes`, which match the list, differ from what Begin() has read.
absl::Status GraftFilter::CheckUnchanged(const std::string& path, const std::string& bytes) const {
  auto known = elves_.find(path);
  if (known == elves_.end()) return absl::OkStatus();
  const absl::StatusOr<ElfInfo> elf = ParseElf(std::as_bytes(std::span(bytes)));
  if (elf.ok() && *elf == known->second) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(OneLine(path), " was changed while the mirror was made"));
}

absl::StatusOr<bool> GraftFilter::FilterFile(const ItemFile& file, std::string* bytes) {
  const std::string path =
      absl::StrCat(rewriter_.prefix(), "/", JoinPath(std::string(file.item), std::string(file.path)));
  RELOC_RETURN_IF_ERROR(CheckUnchanged(path, *bytes));
  if (std::string obstacle = FindObstacle(rewriter_, file.path, *bytes); !obstacle.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(OneLine(path), " ", obstacle, ": the pack cannot be grafted, use another engine"));
  }
  // These are store paths, so they come before the prefix is replaced. If they cannot be written, ld.so
  // searches as before.
  const auto needed = needed_.find(path);
  const bool written = needed != needed_.end() && WriteNeededPaths(needed->second, bytes);
  return rewriter_.Rewrite(bytes) > 0 || written;
}

absl::StatusOr<std::string> GraftFilter::FilterLink(const ItemFile&, const std::string& target) {
  std::string rewritten = target;
  rewriter_.Rewrite(&rewritten);
  return rewritten;
}

absl::Status GraftFilter::Finish(const std::string& meta) { return NoteGraftPath(meta, rewriter_.path()); }

void GraftFilter::Keep(const Mirror& made) {
  absl::StatusOr<std::string> noted = ReadGraftPath(made.path);
  kept_ = kept_ || (noted.ok() && *noted == rewriter_.path());
}

}  // namespace reloc
