// relocd's end of one worker (worker.h): starts it, hears it, and gives it up when it hangs. Never waits.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/child_process.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/timer.h"
#include "proto/mirror_task.pb.h"
#include "reloc/base/unique_fd.h"
#include "reloc/hosted/child_task.h"

namespace reloc {

class MirrorWorker {
 public:
  struct Listener {
    // Everything but the result, with the descriptors that came along.
    std::function<void(const relocd::v1::MirrorWord&, std::span<UniqueFd> fds)> on_word;
    // Once: the result, or why there will be none.
    std::function<void(absl::StatusOr<relocd::v1::MirrorResult>)> on_result;
    // The last call: its process has ended, or is given up.
    std::function<void()> on_end;
  };

  // Starts a worker on `task`; `watch_fd` is an inotify instance for it, or -1. `loop` must outlive it. It is
  // given up when it says nothing for `patience`.
  // Nothing is called before this returns, and the worker may be destroyed by on_end.
  static absl::StatusOr<std::unique_ptr<MirrorWorker>> Start(EventLoop* loop,
                                                             const relocd::v1::MirrorTask& task, int watch_fd,
                                                             absl::Duration patience, Listener listener);
  // Kills it, after a moment in which it can undo what it did.
  ~MirrorWorker();
  MirrorWorker(const MirrorWorker&) = delete;
  MirrorWorker& operator=(const MirrorWorker&) = delete;

  // Whether its process runs or waits for a processor: else a file system keeps it waiting.
  bool works() const { return IsRunnable(process_.pid); }

  // To a question (MirrorWord::may_evict); while it is open the worker may be silent.
  void Answer(bool yes);

 private:
  MirrorWorker(EventLoop* loop, absl::Duration patience, Listener listener)
      : loop_(loop), patience_(patience), listener_(std::move(listener)) {}
  absl::Status Spawn();
  absl::Status Watch();
  void OnReadable();
  bool ReadWord();
  void Take(const relocd::v1::MirrorWord& word, std::span<UniqueFd> fds);
  void Conclude(absl::StatusOr<relocd::v1::MirrorResult> result);
  void OnExit();
  void End();
  void GiveUp();

  EventLoop* loop_;
  absl::Duration patience_;
  Listener listener_;
  ChildProcess process_;
  UniqueFd socket_;
  std::unique_ptr<Timer> silence_;
  bool concluded_ = false;
};

}  // namespace reloc
