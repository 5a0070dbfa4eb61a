// Turns a mirror into a graft: the filter for MakeMirror.
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
// that path, the filter removes it when it is destroyed, unless Keep() was called.
class GraftFilter : public ContentFilter {
 public:
  // Creates one for the pack at `pack`, whose manifest it reads. `cache` is only read. Errors: those of
  // MakeGraftPath, LoadManifest and LocateStore.
  static absl::StatusOr<std::unique_ptr<GraftFilter>> Create(const MirrorCache& cache,
                                                             const std::string& pack);
  ~GraftFilter() override;

  // Reads the headers of all objects.
  absl::Status Begin(const pb::Contents& contents, const ProgressCallback& progress) override;
  // Refers to an object's libraries by path (see needed_paths.h), and replaces the prefix.
  // FailedPrecondition, naming the file: its references cannot be rewritten, so that the pack has no graft.
  // DataLoss: the pack is being changed.
  absl::StatusOr<bool> FilterFile(const ItemFile& file, std::string* bytes) override;
  absl::StatusOr<std::string> FilterLink(const ItemFile& link, const std::string& target) override;
  absl::Status Finish(const std::string& meta) override;

  // To be called when MakeMirror has returned the mirror `made`. If another process made that, it has its own
  // graft path.
  void Keep(const Mirror& made);

 private:
  GraftFilter(PrefixRewriter rewriter, std::string store, StoreLocation original, bool is_new);

  bool IsListed(const ListedFiles& listed, const NeededPath& needed) const;
  absl::Status CheckUnchanged(const std::string& path, const std::string& bytes) const;

  const PrefixRewriter rewriter_;
  const std::string store_;  // the target of the graft path
  const StoreLocation original_;
  // Set by Begin().
  NeededPaths needed_;
  std::map<std::string, ElfInfo> elves_;  // by store path
  bool kept_;
};

// Returns the path of the store of the grafted mirror of `digest` in `cache`, whether it exists or not.
std::string GraftedStore(const MirrorCache& cache, const PackDigest& digest, const std::string& store_prefix);

}  // namespace reloc
