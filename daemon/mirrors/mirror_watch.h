// Notices that someone removes a mirror: cleaners of ~/.cache, and people in want of space.
#pragma once

#include <sys/inotify.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "daemon/base/event_loop.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Never of a whole mirror's ordinary life: it is complete before it gets its name.
inline constexpr uint32_t kMirrorRemovals =
    IN_DELETE | IN_MOVED_FROM | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;

class MirrorWatch {
 public:
  // `loop` must outlive it. `on_removal`: something was removed from the mirror of that name, its directory
  // or a directory of its store that is watched. May be called again until Forget().
  MirrorWatch(EventLoop* loop, std::function<void(const std::string& name)> on_removal)
      : loop_(loop), on_removal_(std::move(on_removal)) {}
  ~MirrorWatch();
  MirrorWatch(const MirrorWatch&) = delete;
  MirrorWatch& operator=(const MirrorWatch&) = delete;

  // Opens the inotify instance, to which a worker adds watches: looking up what to watch asks the file
  // system. Unavailable or ResourceExhausted where inotify(7) is not to be had.
  absl::Status Open();
  int fd() const { return inotify_.get(); }  // -1: it is not open
  // `watches` were added for the mirror `name`.
  void Add(const std::string& name, const std::vector<int>& watches);
  void Forget(const std::string& name);
  // `watches` were added for a mirror that is not used.
  void Remove(const std::vector<int>& watches);

 private:
  void OnReadable();

  EventLoop* loop_;
  std::function<void(const std::string& name)> on_removal_;
  UniqueFd inotify_;                             // opened for the first worker
  absl::flat_hash_map<int, std::string> names_;  // by watch descriptor
};

}  // namespace reloc
