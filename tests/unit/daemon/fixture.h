// Children and conditions for tests of the daemon's parts.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "daemon/base/event_loop.h"

namespace reloc {

// A child that does `work` and is ended, and waited for, at the end of the test.
class Child {
 public:
  explicit Child(const std::function<void()>& work) : pid_(fork()) {
    if (pid_ != 0) return;
    work();
    _exit(0);
  }
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  // Its status as of waitpid(2). It is no child of ours afterwards.
  int Wait() {
    int status = -1;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  // Returns when it has ended; it stays a zombie.
  void AwaitZombie() const {
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

 private:
  pid_t pid_;
};

inline void SleepForEver() {
  while (true) pause();
}

// Runs the loop until `done`, but not for ever.
inline bool RunUntil(EventLoop& loop, const std::function<bool()>& done) {
  for (int i = 0; i < 1000 && !done(); ++i) loop.RunOnce(10);
  return done();
}

}  // namespace reloc
