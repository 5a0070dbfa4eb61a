// How launches learn of mirrors: a symlink for each that is ready, DIR/mirrors/<name of the mirror>, in the
// daemon's directory. Launches of engines that need no root read it (reloc/launch/mirror_link.h), also while
// relocd does not run.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class MirrorLinks {
 public:
  // `daemon_dir`: the daemon's open directory, which must outlive this.
  explicit MirrorLinks(int daemon_dir) : daemon_dir_(daemon_dir) {}

  // Makes the link, or replaces it, in one step.
  absl::Status Publish(const std::string& name, const std::string& target) const;
  // Having none is no error.
  absl::Status Withdraw(const std::string& name) const;
  // Names of all links that there are, also those of an earlier daemon.
  std::vector<std::string> List() const;

 private:
  Result<UniqueFd> OpenDirectory() const;

  int daemon_dir_;
};

}  // namespace reloc
