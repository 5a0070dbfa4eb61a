// The history: jobs that ended and events, in a database that outlives the daemon and the boot.
//
// The event loop never waits for the disk that it is on, which may be full, slow or a dead file server: what
// is to be written goes into a queue of limited length, and a thread takes it from there in batches. The
// thread is there while there is something to write, and ends three seconds later; relocd at rest has one
// thread. It never touches the disk either: HistoryProcess does that in a process that can be given up.
//
// What the queue still holds when relocd is killed is in the journal of jobs, from which the next daemon
// keeps it (Keep()); only events are lost then.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/history/history_store.h"
#include "daemon/model/event_bus.h"

namespace reloc {

// A number that tells this run of relocd from others.
int64_t NewDaemonNumber();

class History {
 public:
  // Subscribes to `*events`. `daemon`: the number of this run of relocd. `writer`: for the thread.
  History(EventBus* events, int64_t daemon, std::unique_ptr<HistoryWriter> writer);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // Writes what there is to write, if that takes no more than a second.
  void Finish();

  // A job that ended in an earlier daemon's time.
  void Keep(const Job& job);

  // The last event that was taken, and this run of relocd, as a HistoryQuery wants them.
  uint64_t last_number() const { return last_number_; }
  int64_t daemon() const { return daemon_; }

  // Not OK, with the reason, if what was last to be written could not be.
  absl::Status written() const;

  // Has everything that waits written now, and not a little later: somebody wants to read it.
  void Hurry();
  // For other threads, after Hurry(): waits until it is written. Not OK, with the reason, if it cannot be.
  absl::Status Await(absl::Duration patience) const;

 private:
  // Shared with the thread, which is left alone with it if its disk does not answer.
  struct Shared;

  void Take(const Event& event);
  void Push(HistoryItem item);
  void StartWriter();  // with the mutex held

  const int64_t daemon_;
  std::shared_ptr<Shared> shared_;
  uint64_t last_number_ = 0;
  std::thread writer_;
};

}  // namespace reloc
