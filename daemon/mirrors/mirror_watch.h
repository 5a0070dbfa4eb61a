// Notices that someone removes a mirror: cleaners of ~/.cache, and people in want of space.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "daemon/event_loop.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class MirrorWatch {
 public:
  // `loop` must outlive it. `on_removal`: something was removed from the mirror of that name, its directory
  // or its store. May be called again until Forget().
  MirrorWatch(EventLoop* loop, std::function<void(const std::string& name)> on_removal)
      : loop_(loop), on_removal_(std::move(on_removal)) {}
  ~MirrorWatch();
  MirrorWatch(const MirrorWatch&) = delete;
  MirrorWatch& operator=(const MirrorWatch&) = delete;

  // Watches the mirror's open `directory`, and the `store` in it, a relative path. Unavailable or
  // ResourceExhausted where inotify(7) is not to be had.
  absl::Status Add(const std::string& name, int directory, const std::string& store);
  void Forget(const std::string& name);

 private:
  absl::Status Open();
  absl::Status AddPath(const std::string& name, const std::string& path);
  void OnReadable();

  EventLoop* loop_;
  std::function<void(const std::string& name)> on_removal_;
  UniqueFd inotify_;                             // opened for the first mirror
  absl::flat_hash_map<int, std::string> names_;  // by watch descriptor
};

}  // namespace reloc
