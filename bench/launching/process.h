// Children of the benchmark: each is reaped, and ended by its pid if it does not end by itself.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/launching/command.h"

namespace reloc::bench {

// A child that does not outlive this object.
class Process {
 public:
  // Starts a child. Its standard input and output are /dev/null, its stderr is `errors`, or /dev/null if that
  // is -1.
  static absl::StatusOr<Process> Start(const Command& command, int errors = -1);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process() { Kill(); }

  pid_t pid() const { return pid_; }
  // Sends SIGTERM, waits up to five seconds for its end, and then kills it.
  void Stop();
  // Kills it, and waits for its end.
  void Kill();
  // Sends SIGKILL without waiting: thousands of children end sooner if all are signalled first.
  void KillSoon() const;

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_;  // -1: reaped
};

struct Captured {
  int status = 0;  // from waitpid(2)
  std::string output;
  std::string errors;
  bool succeeded() const { return status == 0; }
};

// Runs `command` to its end and returns what it wrote. It is no error of this function if the command fails.
absl::StatusOr<Captured> Capture(const Command& command);

// Returns "exit status 125: reloc: cannot run ..." for a result that did not succeed.
std::string ErrorOf(const Captured& captured);

// Returns the microseconds from before posix_spawn(3) until waitpid(2) has returned. An error if the program
// fails.
absl::StatusOr<double> TimeLaunch(const Command& command);

}  // namespace reloc::bench
