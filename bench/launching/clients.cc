#include "bench/launching/clients.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <limits>
#include <new>
#include <vector>

#include "absl/time/clock.h"
#include "bench/launching/process.h"
#include "bench/launching/sampling.h"

namespace reloc::bench {
namespace {

// What the clients share.
struct Shared {
  std::atomic<int64_t> launches = 0;
  std::atomic<bool> failed = false;
};

class SharedMemory {
 public:
  SharedMemory()
      : memory_(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ != MAP_FAILED) shared_ = new (memory_) Shared;
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory() {
    if (shared_ != nullptr) ::munmap(memory_, sizeof(Shared));
  }
  Shared* get() const { return shared_; }

 private:
  void* memory_;
  Shared* shared_ = nullptr;
};

// Returns the CPU time of all reaped children and their own children.
absl::Duration ProcessorTimeOfChildren() {
  struct rusage usage = {};
  ::getrusage(RUSAGE_CHILDREN, &usage);  // cannot fail
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

// `more(n)`: whether to make another launch after `n`.
void LaunchWhile(const Command& command, const std::function<bool(int64_t)>& more, Shared* shared) {
  while (more(shared->launches.load()) && !shared->failed && !Interrupted()) {
    if (!TimeLaunch(command).ok()) shared->failed = true;
    ++shared->launches;
  }
}

absl::StatusOr<Burst> Launch(const Command& command, int clients, const std::function<bool(int64_t)>& more) {
  SharedMemory memory;
  if (memory.get() == nullptr) return absl::ErrnoToStatus(errno, "no memory to share with clients");
  std::vector<pid_t> pids;
  absl::Time start = absl::Now();
  absl::Duration used = ProcessorTimeOfChildren();
  for (int i = 0; i < clients; ++i) {
    pid_t pid = ::fork();  // no threads here
    if (pid == 0) {
      LaunchWhile(command, more, memory.get());
      ::_exit(0);
    }
    if (pid < 0) memory.get()->failed = true;
    if (pid > 0) pids.push_back(pid);
  }
  for (pid_t pid : pids) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (Interrupted()) return InterruptedError();
  if (memory.get()->failed) return absl::AbortedError("a launch failed while many were made");
  return Burst{memory.get()->launches, absl::Now() - start, ProcessorTimeOfChildren() - used};
}

}  // namespace

absl::StatusOr<Burst> LaunchFor(const Command& command, int clients, absl::Duration duration) {
  absl::Time end = absl::Now() + duration;
  return Launch(command, clients, [end](int64_t) { return absl::Now() < end; });
}

absl::StatusOr<Burst> LaunchTimes(const Command& command, int clients, int64_t launches) {
  return Launch(command, clients, [launches](int64_t made) { return made < launches; });
}

}  // namespace reloc::bench
