// Runs a relocd for the benchmark.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/launching/process.h"
#include "bench/launching/workspace.h"

namespace reloc::bench {

class Daemon {
 public:
  // Starts a daemon whose directory is `name` in the workspace, with more `options`, and waits until it
  // accepts launches.
  static absl::StatusOr<Daemon> Start(const Workspace& workspace, const std::string& name,
                                      const std::vector<std::string>& options = {});
  Daemon(Daemon&&) = default;
  Daemon& operator=(Daemon&&) = delete;
  ~Daemon() { process_.Stop(); }

  // Kills it with SIGKILL, so that it cannot clean up.
  void Kill() { process_.Kill(); }
  const std::string& directory() const { return directory_; }
  pid_t pid() const { return process_.pid(); }
  // Returns the environment of a launch that uses this daemon.
  const Environment& environment() const { return environment_; }

  // Returns how many roots it has published, from the table that launches read.
  absl::StatusOr<int> CountRoots() const;
  // Returns how many jobs run, in the way that a user would ask.
  absl::StatusOr<int> CountJobs() const;

 private:
  Daemon(Process process, Environment environment, std::string directory, std::string relocctl);
  absl::Status AwaitReady(const std::string& log);

  Process process_;
  Environment environment_;
  std::string directory_;
  std::string relocctl_;
};

}  // namespace reloc::bench
