#include "reloc/hosted/await_child.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "reloc/base/unique_fd.h"

namespace reloc {
namespace {

constexpr absl::Duration kGlance = absl::Milliseconds(5);   // where the kernel has no pidfds
constexpr absl::Duration kDying = absl::Milliseconds(100);  // how long a killed process takes to end

absl::Duration Now() {
  struct timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace

std::optional<int> ReapChild(pid_t child, absl::Duration timeout) {
  const absl::Duration deadline = Now() + timeout;
  UniqueFd pidfd;
  while (true) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) != 0) return status;
    const absl::Duration left = deadline - Now();
    if (left <= absl::ZeroDuration()) return std::nullopt;
    if (!pidfd.valid()) pidfd.Reset(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    // poll(2) ignores a negative descriptor.
    struct pollfd ended = {pidfd.get(), POLLIN, 0};
    const absl::Duration wait = pidfd.valid() ? left : std::min(left, kGlance);
    const bool over = ::poll(&ended, 1, static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1) == 1;
    // A process that another one traces may have ended, but not be ours to reap yet.
    if (over) return ::waitpid(child, &status, WNOHANG) != 0 ? std::optional(status) : std::nullopt;
  }
}

std::optional<int> EndChild(pid_t child, absl::Duration timeout) {
  if (std::optional<int> status = ReapChild(child, timeout)) return status;
  ::kill(child, SIGKILL);
  return ReapChild(child, kDying);
}

}  // namespace reloc
