// What a client wants done with mirrors, and how far it is: between the event loop, which does it, and the
// thread of a client's call, which watches.
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proto/control.pb.h"

namespace reloc {

// The outcome of a task, as far as it has one: Make has `mirror`, Remove the names, Verify the differences.
struct MirrorOutcome {
  absl::Status status;
  relocd::v1::Mirror mirror;
  std::vector<std::string> removed;
  std::vector<std::string> used;
  std::vector<relocd::v1::MirrorDifference> differences;
  uint32_t verified = 0;
  uint64_t freed = 0;  // bytes
  bool finished = false;
};

class MirrorOrder {
 public:
  // On the event loop's thread.
  void Report(const relocd::v1::MirrorProgress& progress);
  void Finish(MirrorOutcome outcome);

  // Waits for news: true once it is finished. `*progress` is the last that was reported; its stage is empty
  // before the first.
  bool Wait(absl::Duration patience, relocd::v1::MirrorProgress* progress);
  // Once it is finished.
  const MirrorOutcome& outcome() const { return outcome_; }

 private:
  // Not Abseil's: see mailbox.h.
  std::mutex mutex_;
  std::condition_variable changed_;
  relocd::v1::MirrorProgress progress_;  // by mutex_
  bool news_ = false;                    // by mutex_
  bool finished_ = false;                // by mutex_
  MirrorOutcome outcome_;                // by mutex_ until finished_
};

}  // namespace reloc
