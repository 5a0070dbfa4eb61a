// Shows a directory again at another place, slowly and usually read-only, through FUSE, like a pack on a network
// file system.
#pragma once

#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"
#include "tests/slowfs/pace.h"
#include "tests/slowfs/tree.h"

struct fuse_session;

namespace reloc::slowfs {

struct Settings {
  std::string source;
  std::string mountpoint;
  // How long the kernel may cache names, attributes and content; 0: it asks each time.
  std::chrono::seconds cache{0};
  bool writable = false;
};

class FileSystem {
 public:
  // `pace` must outlive this object.
  FileSystem(Settings settings, Pace* pace);
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  // Mounts and serves it, in threads that run until the process ends. Needs CAP_SYS_ADMIN over the mount namespace,
  // and /dev/fuse.
  absl::Status Mount();
  void Unmount();

  // Makes the kernel drop names, attributes and content, as if nothing had ever been accessed. Files in use keep
  // their names, and are requested again all the same. Nothing may use the file system meanwhile.
  void MakeCold();

  // Used by the operations.
  Tree& tree() { return tree_; }
  Pace& pace() { return *pace_; }
  int source() const { return source_.get(); }
  double cache_seconds() const { return static_cast<double>(settings_.cache.count()); }

 private:
  const Settings settings_;
  Pace* pace_;
  Tree tree_;
  UniqueFd source_;
  fuse_session* session_ = nullptr;
};

}  // namespace reloc::slowfs
