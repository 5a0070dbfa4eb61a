// Runs many live jobs: programs of a pack that wait until they are killed.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/launching/daemon.h"
#include "bench/launching/process.h"

namespace reloc::bench {

class LiveJobs {
 public:
  // Jobs are launched from the probe's pack at `entry`, through `daemon`. Both must outlive this object.
  LiveJobs(const Daemon& daemon, std::string entry);
  LiveJobs(const LiveJobs&) = delete;
  LiveJobs& operator=(const LiveJobs&) = delete;
  ~LiveJobs();

  // Starts jobs until `count` are alive and the daemon knows all of them.
  absl::Status GrowTo(int count);

  // Returns OK if this user's limits allow `count` jobs.
  static absl::Status CheckLimits(int count);

 private:
  const Daemon& daemon_;
  Command pause_;
  std::vector<Process> jobs_;
};

}  // namespace reloc::bench
