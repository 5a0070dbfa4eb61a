// Commands that use files which may lie on a file system that does not answer, and that may take long.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"

namespace reloc {

// Says which paths a work uses that were not known before.
class PathNotes {
 public:
  explicit PathNotes(int pipe) : pipe_(pipe) {}
  void Add(const std::string& path) const;

 private:
  int pipe_;
};

// Returns the exit status of `work`, which runs in a child. While the child waits, and one of `paths` does
// not answer, a line on stderr says which, once; then the work is waited for. SIGINT, SIGTERM and SIGHUP end
// it all, also if the child hangs. If a signal ends the child, it ends this process too. Call it while the
// process is single-threaded.
int RunWatched(std::vector<std::string> paths, absl::FunctionRef<int(const PathNotes&)> work);

}  // namespace reloc
