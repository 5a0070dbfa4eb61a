// Making, keeping and removing graft paths: what they are, and what launches check, is in
// launch/graft_path.h.
//
//   <cache>/g/<random>    where that fits into the length of the store prefix, and no shell or #! line would
//   take
//                         it apart
//   /tmp/<random>         else: from 5 characters on, as for /gnu/store
//
// A name is as long as it has to be for the path to have the length of the prefix: filled with random
// characters and not padded with slashes, since programs compare paths as texts.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// A new graft path of `length` characters that leads to `store`, an absolute path which need not exist yet.
// `cache`: the mirrors' cache, which exists. Made in one step: a name that anybody has is not touched, and
// another one is tried. InvalidArgument: no path is as short as `length`, or as long.
absl::StatusOr<std::string> MakeGraftPath(const std::string& cache, const std::string& store, size_t length);

// Renews the times of `path`, by which cleaners of temporary directories judge, and makes it anew if it is
// gone. FailedPrecondition: it is not what it should be any more (GraftPathFault), or cannot be made anew
// because somebody has the name; then the graft must not be used, and another one made.
absl::Status KeepGraftPath(const std::string& path, const std::string& store);

// Removes `path` if it is a symlink to `store`; leaves alone what is anything else. Gone already is no error.
absl::Status RemoveGraftPath(const std::string& path, const std::string& store);

// What is noted in a grafted mirror: its graft path, as the target of the symlink <mirror>/.reloc/graft.
absl::Status NoteGraftPath(const std::string& meta, const std::string& path);  // meta: <mirror>/.reloc
absl::StatusOr<std::string> ReadGraftPath(const std::string& mirror);

// Holds off RemoveStaleGraftPaths of all processes from MakeGraftPath until the mirror is there.
class GraftPathsInUse {
 public:
  static absl::StatusOr<GraftPathsInUse> Begin(const std::string& cache);

 private:
  explicit GraftPathsInUse(UniqueFd lock) : lock_(std::move(lock)) {}
  UniqueFd lock_;
};

// Removes graft paths to mirrors of `cache` that are gone, or have another one: of makers that were killed.
// Does nothing while a graft is being made. For the start of a daemon, and prune.
absl::Status RemoveStaleGraftPaths(const std::string& cache);

}  // namespace reloc
