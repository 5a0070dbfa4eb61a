// Threads that wait until a job has ended. The event loop's thread wakes them; they sleep on a condition.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"

namespace reloc {

class JobWaiters {
 public:
  // One job that is waited for, by another thread than the loop's. To be made before it is asked whether the
  // job runs, so that no ending is missed.
  class Waiter {
   public:
    Waiter(JobWaiters* waiters, std::string id);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // Returns after some seconds at the latest. True: the job ended, or the waiting is to end.
    bool Sleep();

   private:
    friend class JobWaiters;
    JobWaiters* waiters_;
    std::string id_;
    bool woken_ = false;
    std::list<Waiter*>::iterator place_;
  };

  // On the event loop's thread.
  void Ended(absl::string_view id);
  void WakeAll();

 private:
  // Not Abseil's: see mailbox.h.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Waiter*> waiting_;  // by mutex_
};

}  // namespace reloc
