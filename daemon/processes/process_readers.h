// The processes that read /proc (process_reader_main.h), as relocd's event loop keeps them: started when one
// is needed, lent to one call at a time, ended a while after the last call, and killed when they do not
// answer. Nothing here waits.
#pragma once

#include <sys/types.h>

#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "daemon/base/child_process.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/timer.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class ProcessReaders {
 public:
  struct Lent {
    pid_t pid = 0;
    UniqueFd socket;  // stream, for frame.h
  };

  // `loop` must outlive the readers.
  static absl::StatusOr<std::unique_ptr<ProcessReaders>> Create(EventLoop* loop);
  ~ProcessReaders();
  ProcessReaders(const ProcessReaders&) = delete;
  ProcessReaders& operator=(const ProcessReaders&) = delete;

  // ResourceExhausted: too many are lent, or were killed and are held by the kernel.
  absl::StatusOr<Lent> Lend();
  // It has answered.
  void GiveBack(Lent lent);
  // It has not: kills it. It is waited for when it has ended, whenever that is.
  void Abandon(Lent lent);

 private:
  explicit ProcessReaders(EventLoop* loop) : loop_(loop) {}
  absl::StatusOr<Lent> Start();
  // Takes `*child` over.
  absl::Status Watch(ChildProcess* child);
  void OnExit(pid_t pid);
  void EndIdle();

  struct Reader {
    ChildProcess process;
    UniqueFd socket;  // valid while no thread uses it
  };

  EventLoop* loop_;
  std::unique_ptr<Timer> linger_;
  absl::flat_hash_map<pid_t, Reader> readers_;  // our children, not waited for
};

}  // namespace reloc
