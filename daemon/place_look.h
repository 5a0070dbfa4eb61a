// Looks where clients expect the daemon, for the event loop: in a process of its own, as the state directory
// may not answer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/disk_process.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/timer.h"

namespace reloc {

class PlaceLook {
 public:
  // BetterDaemonPlace(), or its error. DeadlineExceeded: a file system does not answer yet. Then the look
  // goes on, and its outcome comes later.
  using OnOutcome = std::function<void(absl::StatusOr<std::string> place)>;

  // `loop` must outlive it.
  static absl::StatusOr<std::unique_ptr<PlaceLook>> Create(EventLoop* loop, OnOutcome on_outcome);
  ~PlaceLook();
  PlaceLook(const PlaceLook&) = delete;
  PlaceLook& operator=(const PlaceLook&) = delete;

  // Looks for a daemon that has `dir`, unless a look is under way. An error: no process can be started.
  absl::Status Start(const std::string& dir);

 private:
  PlaceLook(EventLoop* loop, OnOutcome on_outcome) : loop_(loop), on_outcome_(std::move(on_outcome)) {}
  void OnReadable();
  void OnTime();

  EventLoop* loop_;
  OnOutcome on_outcome_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<DiskProcess> process_;  // while a look is under way
};

}  // namespace reloc
