// Making and keeping graft paths: what they are, and what launches check, is in launch/graft_path.h.
//
//   <cache>/g/<random>    where that fits into the length of the store prefix, and no shell or #! line would
//                         take it apart
//   /tmp/XX/<random>      else: from 2 characters on, as for /gnu/store; see graft_directory.h
//
// A name is as long as it has to be for the path to have the length of the prefix: filled with random
// characters and not padded with slashes, since programs compare paths as texts. The names of mirrors that
// are gone stay, and lead to nothing until that mirror is made again.
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

// The graft path of `length` characters that leads to `store`, an absolute path which need not exist yet: the
// one that it had before, or a new one. `cache`: the mirrors' cache, which exists. InvalidArgument: no path
// is as short as `length`, or as long. Else the errors of TakeGraftDirectory().
absl::StatusOr<GraftPath> MakeGraftPath(const std::string& cache, const std::string& store, size_t length);

// Renews the times of `path`, by which cleaners of temporary directories judge, and makes it again if it is
// gone. FailedPrecondition: it is not what it should be any more (GraftPathFault); then the graft must not be
// used, and another one made.
absl::Status KeepGraftPath(const std::string& path, const std::string& store);

// Removes `path`, which no mirror ever had, if it is a symlink to `store`. Gone already is no error.
absl::Status RemoveGraftPath(const std::string& path, const std::string& store);

// What is noted in a grafted mirror: its graft path, as the target of the symlink <mirror>/.reloc/graft.
absl::Status NoteGraftPath(const std::string& meta, const std::string& path);  // meta: <mirror>/.reloc
absl::StatusOr<std::string> ReadGraftPath(const std::string& mirror);

}  // namespace reloc
