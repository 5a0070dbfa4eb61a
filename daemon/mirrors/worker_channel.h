// The worker's end of what it says to relocd and hears from it. Waits.
#pragma once

#include <mutex>
#include <string>

#include "proto/mirror_task.pb.h"
#include "reloc/base/unique_fd.h"
#include "reloc/pack/progress.h"

namespace reloc {

class WorkerChannel {
 public:
  explicit WorkerChannel(UniqueFd socket) : socket_(std::move(socket)) {}

  // False if relocd is gone.
  bool ReceiveTask(relocd::v1::MirrorTask* task);
  // On any thread.
  bool Say(const relocd::v1::MirrorWord& word);
  // Asks whether the mirror of that name may go, which takes relocd a moment: it is withdrawn first.
  bool MayEvict(const std::string& name);
  // Passes progress on; stops the work when relocd is gone.
  ProgressCallback progress();

 private:
  UniqueFd socket_;
  std::mutex mutex_;
};

}  // namespace reloc
