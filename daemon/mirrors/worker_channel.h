// The worker's end of what it says to relocd and hears from it. Waits.
#pragma once

#include <mutex>
#include <span>
#include <string>

#include "proto/mirror_task.pb.h"
#include "reloc/base/unique_fd.h"
#include "reloc/hosted/progress.h"

namespace reloc {

class WorkerChannel {
 public:
  explicit WorkerChannel(UniqueFd socket) : socket_(std::move(socket)) {}

  // Receives the task, and the inotify instance that came with it (watch_fd()). False if relocd is gone.
  bool ReceiveTask(relocd::v1::MirrorTask* task);
  int watch_fd() const { return watch_.get(); }  // -1: there is none
  // On any thread. `fds` go along.
  bool Say(const relocd::v1::MirrorWord& word, std::span<const int> fds = {});
  // Asks whether the mirror of that name may go, which takes relocd a moment: it is withdrawn first.
  bool MayEvict(const std::string& name);
  // Passes progress on; stops the work when relocd is gone.
  ProgressCallback progress();

 private:
  UniqueFd socket_;
  UniqueFd watch_;
  std::mutex mutex_;
};

}  // namespace reloc
