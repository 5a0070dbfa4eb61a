// Reads from /proc that cannot hold up the reader, however long the kernel keeps one of them waiting.
//
// A process that is in execve(2) holds a lock of the kernel's (exec_update_lock) while its close-on-exec
// descriptors are closed. Where one of those is on a file system that does not answer (NFS without its
// server, FUSE; also one that the process mounted itself, without any privilege) it is held for ever. Seen
// with Linux 6.18, for such a process of another user or of one's own:
//
//   blocks until the process goes on or the reader is killed
//     read      stat task/*/stat environ maps smaps smaps_rollup numa_maps auxv io wchan syscall personality
//     open      environ maps smaps_rollup
//     readlink, stat, open through
//               exe cwd root ns/* fd/*
//     list      map_files
//   does not block
//     stat      of the directory /proc/PID itself, whose owner is the process's effective uid, also if it is
//               not dumpable (what is in the directory then looks like root's)
//     read      status statm comm cmdline (empty) cgroup limits mounts mountinfo sched oom_score uid_map
//               task/*/status task/*/children
//     list      /proc/PID fd fdinfo ns task
//     calls     kill, pidfd_open, pidfd_send_signal, poll of a pidfd, PIDFD_GET_INFO, PIDFD_GET_*_NAMESPACE
//
// Nobody can say what blocks in other kernels, so everything that is read of another process is read here.
// Each read is done by a thread; one that waits too long is left behind, and the next thread goes on with the
// next process. A thread cannot be killed, so this is only for processes that can be: those of
// process_reader_main.h and the worker for mirrors.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace reloc {

class StallGuard {
 public:
  // A read may wait for `stall`; all reads after a Begin() together may take `all`.
  StallGuard(absl::Duration stall, absl::Duration all);
  // Leaves the threads behind that still wait.
  ~StallGuard();
  StallGuard(const StallGuard&) = delete;
  StallGuard& operator=(const StallGuard&) = delete;

  void Begin();
  // True if nothing was left out since Begin().
  bool complete() const { return complete_; }

  // What `read` returns of each of `pids`, but of those that could not be read in time. `read` runs on
  // another thread, and may still run when the guard is gone: it must own what it uses. A process of which
  // `waiting` reads are waiting already is left out at once.
  template <typename T>
  absl::flat_hash_map<pid_t, T> ReadEach(std::vector<pid_t> pids, std::function<T(pid_t)> read,
                                         size_t waiting = 1) {
    auto found = std::make_shared<absl::flat_hash_map<pid_t, T>>();
    Run(std::move(pids), waiting, [found, read = std::move(read)](pid_t pid) -> Keep {
      auto value = std::make_shared<T>(read(pid));
      return [found, pid, value] { found->emplace(pid, std::move(*value)); };
    });
    return std::move(*found);
  }

 private:
  using Keep = std::function<void()>;  // keeps what was read
  struct State;
  struct Round;

  void Run(std::vector<pid_t> pids, size_t waiting, std::function<Keep(pid_t)> read);
  void ActForProgram(const std::shared_ptr<Round>& round);
  bool StartThread(const std::shared_ptr<Round>& round);
  static void Read(const std::shared_ptr<State>& state, const std::shared_ptr<Round>& round, size_t number);

  const absl::Duration stall_;
  const absl::Duration all_;
  absl::Duration deadline_;  // MonotonicNow()
  bool complete_ = true;
  std::shared_ptr<State> state_;
};

}  // namespace reloc
