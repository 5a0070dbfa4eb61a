// The daemon's directory: made or checked, and held by one daemon at a time.
//
// Everything in it is reached through its descriptor. A directory that belongs to someone else, is a symlink
// or a mount, or is open to others is refused and never repaired: in /tmp anyone can make the name first. A
// daemon that had /tmp/relocd-<uid> and lost it to another user goes on in the second place (daemon_place.h),
// and goes back when it can.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class InstanceDir {
 public:
  // Makes `path` (mode 0700; its parent must exist) or checks it, and locks it. AlreadyExists if another
  // daemon holds it.
  static absl::StatusOr<std::unique_ptr<InstanceDir>> Open(const std::string& path);

  // Stays the same number when the directory is made again.
  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }
  // True if another user has the usual place.
  bool is_second() const { return is_second_; }

  // Makes the directory and its lock again if someone removed them, or moves to `place`, which
  // BetterDaemonPlace() has returned. Leaves nothing in the second place when it moves back from there.
  // AlreadyExists if another daemon has taken the place. Returns whether the directory is a new one, and
  // empty.
  absl::StatusOr<bool> Mend(std::string place);

 private:
  InstanceDir(std::string path, UniqueFd fd, UniqueFd lock);
  bool IsInPlace() const;

  std::string path_;
  bool is_second_;
  UniqueFd fd_;
  // flock(2): the kernel releases it however the daemon ends. The file stays: removing it would let two
  // daemons hold locks on two files of the same name.
  UniqueFd lock_;
};

}  // namespace reloc
