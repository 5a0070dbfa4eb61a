// The daemon's directory: made or checked, and held by one daemon at a time.
//
// Everything in it is reached through its descriptor. A directory that belongs to someone else, is a symlink
// or is open to others is refused and never repaired: in /tmp anyone can make the name first.
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

  // Stays the same number when the directory is made anew.
  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

  // Makes the directory and its lock again if someone removed them. AlreadyExists if another daemon has taken
  // the place. Returns whether the directory is a new one, and empty.
  absl::StatusOr<bool> Mend();

 private:
  InstanceDir(std::string path, UniqueFd fd, UniqueFd lock)
      : path_(std::move(path)), fd_(std::move(fd)), lock_(std::move(lock)) {}
  bool IsInPlace() const;

  std::string path_;
  UniqueFd fd_;
  // flock(2): the kernel releases it however the daemon ends. The file stays: removing it would let two
  // daemons hold locks on two files of the same name.
  UniqueFd lock_;
};

}  // namespace reloc
