// Makes and keeps graft paths. What they are, and what launches check, is in launch/graft_path.h.
//
//   <cache>/g/<random>    where that fits into the length of the store prefix, and no shell or #! line splits it
//   /tmp/XX/<random>      otherwise: from 2 characters on, as for /gnu/store; see graft_directory.h
//
// A name is as long as needed for the path to have the length of the prefix: filled with random characters
// and not padded with slashes, because programs compare paths as text. The names of mirrors that are gone are
// kept, and lead to nothing until that mirror is made again.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reloc {

struct GraftPath {
  std::string path;
  bool is_new = false;  // no mirror ever had it
};

// Returns the graft path of `length` characters that leads to `store`, an absolute path which need not exist
// yet: the earlier one, or a new one. `cache`: the mirrors' cache, which must exist. InvalidArgument: no path
// is as short as `length`, or as long. Other errors are those of TakeGraftDirectory().
absl::StatusOr<GraftPath> MakeGraftPath(const std::string& cache, const std::string& store, size_t length);

// Renews the times of `path`, which cleaners of temporary directories check, and makes it again if it is
// gone. FailedPrecondition: it is no longer valid (GraftPathFault); then the graft must not be used, and
// another one made.
absl::Status KeepGraftPath(const std::string& path, const std::string& store);

// Removes `path`, which no mirror ever had, if it is a symlink to `store`. It is no error if it does not
// exist.
absl::Status RemoveGraftPath(const std::string& path, const std::string& store);

// Record a grafted mirror's graft path, as the target of the symlink <mirror>/.reloc/graft, and read it.
absl::Status NoteGraftPath(const std::string& meta, const std::string& path);  // meta: <mirror>/.reloc
absl::StatusOr<std::string> ReadGraftPath(const std::string& mirror);

}  // namespace reloc
