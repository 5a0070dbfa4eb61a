// Tells when the host's mounts changed in a way that the roots do not follow.
//
// A root is a copy of the host's mount tree. Where a mount is shared, changes below it propagate into the
// copy; where it is private (common without systemd) they do not, and the roots are out of date. So after a
// change the mounts that came and went are looked at: if one of them lies on a mount that is not shared, the
// roots are stale.
#pragma once

#include <stdint.h>

#include <functional>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/base/event_loop.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct Mount {
  int parent = 0;
  bool shared = false;
  bool operator==(const Mount&) const = default;
};
// By mount id.
using MountTable = absl::flat_hash_map<int, Mount>;

// `text`: of /proc/PID/mountinfo, see proc(5).
MountTable ParseMountInfo(absl::string_view text);
// True if a mount that came or went between the two is not propagated from where it lies.
bool RootsAreStale(const MountTable& before, const MountTable& after);

class MountWatch {
 public:
  // `loop` must outlive the watch.
  static absl::StatusOr<std::unique_ptr<MountWatch>> Create(EventLoop* loop, std::function<void()> on_stale);
  ~MountWatch();
  MountWatch(const MountWatch&) = delete;
  MountWatch& operator=(const MountWatch&) = delete;

 private:
  MountWatch(EventLoop* loop, UniqueFd mountinfo, std::function<void()> on_stale)
      : loop_(loop), mountinfo_(std::move(mountinfo)), on_stale_(std::move(on_stale)) {}
  void OnChange();

  EventLoop* loop_;
  UniqueFd mountinfo_;
  std::function<void()> on_stale_;
  MountTable mounts_;
};

}  // namespace reloc
