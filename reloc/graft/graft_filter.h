// Makes a mirror a graft: what MakeMirror needs besides.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "reloc/graft/graft_paths.h"
#include "reloc/graft/listed_files.h"
#include "reloc/graft/rewrite.h"
#include "reloc/mirror/content_filter.h"
#include "reloc/mirror/mirror_cache.h"
#include "reloc/pack/elf.h"
#include "reloc/pack/needed_paths.h"
#include "reloc/pack/store.h"

namespace reloc {

// For one call of MakeMirror with MirrorKind::kGraft. Its graft path is made at once. If no mirror ever had
// it, it goes away with the filter unless Keep() was called.
class GraftFilter : public ContentFilter {
 public:
  // For the pack at `pack`, whose manifest it reads. `cache` is only read. Errors: those of MakeGraftPath,
  // LoadManifest and LocateStore.
  static absl::StatusOr<std::unique_ptr<GraftFilter>> Create(const MirrorCache& cache,
                                                             const std::string& pack);
  ~GraftFilter() override;

  // Reads the headers of all objects.
  absl::Status Begin(const pb::Contents& contents, const ProgressCallback& progress) override;
  // Names an object's libraries by path (see needed_paths.h), and replaces the prefix. FailedPrecondition,
  // which names the file: its references cannot be rewritten, so that the pack has no graft. DataLoss: the
  // pack is being changed.
  absl::StatusOr<bool> FilterFile(const ItemFile& file, std::string* bytes) override;
  absl::StatusOr<std::string> FilterLink(const ItemFile& link, const std::string& target) override;
  absl::Status Finish(const std::string& meta) override;

  // MakeMirror returned the mirror `made`. If that is another maker's, it has its own graft path.
  void Keep(const Mirror& made);

 private:
  GraftFilter(PrefixRewriter rewriter, std::string store, StoreLocation original, bool is_new);

  bool IsListed(const ListedFiles& listed, const NeededPath& needed) const;
  absl::Status CheckUnchanged(const std::string& path, const std::string& bytes) const;

  const PrefixRewriter rewriter_;
  const std::string store_;  // what the graft path leads to
  const StoreLocation original_;
  // Of Begin().
  NeededPaths needed_;
  std::map<std::string, ElfInfo> elves_;  // by store path
  bool kept_;
};

// Where the store of the grafted mirror of `digest` lies in `cache`, or will lie.
std::string GraftedStore(const MirrorCache& cache, const PackDigest& digest, const std::string& store_prefix);

}  // namespace reloc
