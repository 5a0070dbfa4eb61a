#include "reloc/graft/graft_filter.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "reloc/graft/obstacle.h"
#include "reloc/mirror/layout.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/status.h"
#include "reloc/pack/text.h"
#include "reloc/pack/tree.h"

namespace reloc {

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
  RELOC_ASSIGN_OR_RETURN(GraftPathsInUse in_use, GraftPathsInUse::Begin(cache.directory()));
  RELOC_ASSIGN_OR_RETURN(std::string path, MakeGraftPath(cache.directory(), store, prefix.size()));
  return absl::WrapUnique(new GraftFilter(PrefixRewriter(prefix, std::move(path)), store, std::move(in_use)));
}

GraftFilter::GraftFilter(PrefixRewriter rewriter, std::string store, GraftPathsInUse in_use)
    : rewriter_(std::move(rewriter)), store_(std::move(store)), in_use_(std::move(in_use)) {}

GraftFilter::~GraftFilter() {
  // A destructor cannot report; what could not be removed is stale.
  if (!kept_) RemoveGraftPath(rewriter_.path(), store_).IgnoreError();
}

absl::StatusOr<bool> GraftFilter::FilterFile(const ItemFile& file, std::string* bytes) {
  if (std::string obstacle = FindObstacle(rewriter_, file.path, *bytes); !obstacle.empty()) {
    const std::string name = JoinPath(std::string(file.item), std::string(file.path));
    return absl::FailedPreconditionError(absl::StrCat(rewriter_.prefix(), "/", OneLine(name), " ", obstacle,
                                                      ": the pack cannot be grafted, use another engine"));
  }
  return rewriter_.Rewrite(bytes) > 0;
}

absl::StatusOr<std::string> GraftFilter::FilterLink(const ItemFile&, const std::string& target) {
  std::string rewritten = target;
  rewriter_.Rewrite(&rewritten);
  return rewritten;
}

absl::Status GraftFilter::Finish(const std::string& meta) { return NoteGraftPath(meta, rewriter_.path()); }

void GraftFilter::Keep(const Mirror& made) {
  absl::StatusOr<std::string> noted = ReadGraftPath(made.path);
  kept_ = noted.ok() && *noted == rewriter_.path();
}

}  // namespace reloc
