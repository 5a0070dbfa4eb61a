// Runs a program under PRoot: the store prefix shows the pack's store because every system call of the
// program that names a path is changed on its way into the kernel.
//
//   caller's process ── fork ──> proot ── fork ──> tracee (shim/tracee.cc) ── fork ──> the program
//        └────────────────── socket pair ─────────────┘
//
// A process cannot be put under proot in place: proot traces only processes that it forks. So the program
// gets a pid of its own, and the caller's process stays as its proxy (launch/program_proxy.h), for processes
// that wait for it. Only a parent can get the wait status, and send signals that cannot reach another
// process; so `tracee` stays as the program's parent.
//
// PRoot itself gets as little as possible: its environment is its own, its descriptors are /dev/null and a
// memory file that receives its messages, and it is tested before anything of the caller is passed to it.
//
// Rejected: waiting for proot alone. It ends when the last unrelated process under it has ended, with the
// status of whatever ended last, and cannot report death by signal.
#pragma once

#include <limits.h>

#include <span>

#include "reloc/base/file.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/arena.h"
#include "reloc/launch/failure.h"

namespace reloc {

// All paths are NUL-terminated.
struct TracerPlan {
  const char* tracer = nullptr;  // proot
  const char* tracee = nullptr;  // the first process under it
  string_view pack_dir;
  string_view prefix;             // the pack's directory of that path is bound there
  const char* program = nullptr;  // its path under the tracer
  FileId store;                   // what is at the prefix if the tracer works
};

class Tracer {
 public:
  explicit Tracer(Arena* arena) : arena_(arena) {}

  // Starts proot and checks that it works here: that under it the prefix shows `plan.store`. Uses its seccomp
  // acceleration if that works. All signals are blocked from here on. On failure everything is restored.
  bool Start(const TracerPlan& plan, Failure* failure);

  // Runs the program with the caller's descriptors and stays as its proxy. Returns only if the program was
  // not executed, with everything as before Start().
  Errno Run(char* const* argv, char* const* envp);

 private:
  bool Try(const TracerPlan& plan, bool accelerated, Failure* failure);
  Errno BecomeTracer(const TracerPlan& plan, bool accelerated);
  Errno ArrangeDescriptors();
  bool AwaitReady(const TracerPlan& plan, Failure* failure);
  void ReadErrors(TextBuffer* text) const;
  void RemoveGlue(const TracerPlan& plan) const;
  void GiveUp();
  Errno RunTraced(char* const* argv, char* const* envp);
  Errno SendDescriptors();
  void HandOverSignals() const;
  Errno SendStrings(char* const* argv, char* const* envp);

  Arena* arena_;
  std::span<int> descriptors_;  // of the caller
  int limit_ = INT_MAX;         // of descriptor numbers
  uint64_t signal_mask_ = 0;
  UniqueFd socket_;      // to the tracee
  UniqueFd far_socket_;  // the tracee's end
  UniqueFd loader_;
  UniqueFd errors_;   // what the tracer writes to stderr
  int pid_ = -1;      // proot's
  int program_ = -1;  // pid of the process that becomes the program
};

}  // namespace reloc
