// Sees to it that clients go on finding us when somebody (a cleaner of /tmp, a user who tidies up) removes
// our sockets, our files or the whole directory.
//
// inotify(7) on the directory, and nothing on its parent: in /tmp every file of everybody would wake us. It
// is not needed either, as a directory can only be removed once all in it was, which is told. While another
// user has our place, and we are in the second one, we look from time to time whether it is free again. A
// process of its own looks (place_look.h), since the second one may be on a file system that hangs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/timer.h"
#include "daemon/instance_dir.h"
#include "daemon/place_look.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class PlaceGuard {
 public:
  using Mender = std::function<absl::Status()>;

  // `loop` and `dir` must outlive the guard. `on_lost(why)`: another daemon has taken the place, or it cannot
  // be had again. `may_return()`: nobody relies on the second place.
  static absl::StatusOr<std::unique_ptr<PlaceGuard>> Create(EventLoop* loop, InstanceDir* dir,
                                                            std::function<void(const char* why)> on_lost,
                                                            std::function<bool()> may_return);
  ~PlaceGuard();
  PlaceGuard(const PlaceGuard&) = delete;
  PlaceGuard& operator=(const PlaceGuard&) = delete;

  // `mender` puts back what one part keeps in the directory, if it is not there. Called in the order added.
  void Add(Mender mender) { menders_.push_back(std::move(mender)); }

  // Returns false if the directory is in the state directory, and that does not answer now: then the event
  // loop must not touch what lies there. The menders are called when it answers again.
  bool Answers();

 private:
  PlaceGuard(EventLoop* loop, InstanceDir* dir, std::function<void(const char*)> on_lost,
             std::function<bool()> may_return)
      : loop_(loop), dir_(dir), on_lost_(std::move(on_lost)), may_return_(std::move(may_return)) {}
  absl::Status Watch();
  void OnChange();
  void Look();
  void OnLook(absl::StatusOr<std::string> place);
  void Conclude(const absl::Status& mended);
  absl::Status TryToMend(std::string place);

  EventLoop* loop_;
  InstanceDir* dir_;
  std::function<void(const char*)> on_lost_;
  std::function<bool()> may_return_;
  std::vector<Mender> menders_;
  UniqueFd inotify_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<PlaceLook> look_;
  bool hangs_ = false;    // the look does
  absl::Duration retry_;  // what is waited next time; zero while all is well
};

}  // namespace reloc
