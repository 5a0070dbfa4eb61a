// Runs commands that may take long, and use files that may be on a file system that does not answer.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"

namespace reloc {

// Reports paths that the work uses and that were not known before.
class PathNotes {
 public:
  explicit PathNotes(int pipe) : pipe_(pipe) {}
  void Add(const std::string& path) const;

 private:
  int pipe_;
};

// Runs `work` in a child, and returns its exit status. If the child is blocked and one of `paths` does not
// answer, a line on stderr names it, once; then the work is waited for. SIGINT, SIGTERM and SIGHUP end
// everything, also if the child hangs. If a signal ends the child, it ends this process too. Call it while
// the process is single-threaded.
int RunWatched(std::vector<std::string> paths, absl::FunctionRef<int(const PathNotes&)> work);

}  // namespace reloc
