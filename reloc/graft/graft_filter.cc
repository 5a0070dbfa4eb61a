#include "reloc/graft/graft_filter.h"

#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "reloc/graft/obstacle.h"
#include "reloc/mirror/layout.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/status.h"
#include "reloc/pack/text.h"
#include "reloc/pack/tree.h"

namespace reloc {
namespace {

// What may be an object, by the pack's list of files.
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

// A plain mirror's store, where there is one: the pack may be slow to reach.
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
  // A destructor cannot report; what could not be removed is stale.
  if (!kept_) RemoveGraftPath(rewriter_.path(), store_).IgnoreError();
}

absl::Status GraftFilter::Begin(const pb::Contents& contents, const ProgressCallback& progress) {
  RELOC_ASSIGN_OR_RETURN(const std::vector<std::string> candidates, ListCandidates(original_, contents));
  needed_ = PlanNeededPaths(original_, FindLibraries(original_, candidates, progress));
  return absl::OkStatus();
}

absl::StatusOr<bool> GraftFilter::FilterFile(const ItemFile& file, std::string* bytes) {
  const std::string path =
      absl::StrCat(rewriter_.prefix(), "/", JoinPath(std::string(file.item), std::string(file.path)));
  if (std::string obstacle = FindObstacle(rewriter_, file.path, *bytes); !obstacle.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(OneLine(path), " ", obstacle, ": the pack cannot be grafted, use another engine"));
  }
  // Store paths, and so before the prefix is replaced. Where they cannot be written, ld.so searches as
  // before.
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
