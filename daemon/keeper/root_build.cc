#include "daemon/keeper/root_build.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <span>

#include "reloc/base/file.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/image_root.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/plan.h"

namespace reloc {
namespace {

constexpr const char* kProbePrefix = "/.relocd-probe";

bool Fail(Failure* failure, const char* step, int error) {
  failure->Set(step, Errno{error}, "");
  return false;
}

class Steps {
 public:
  Steps() : executor_(&state_, log_) {}

  bool Run(Op op, Failure* failure, string_view a = {}, string_view b = {}) {
    Step step{op, 0, a, b};
    return executor_.Prepare({&step, 1}, failure);
  }
  // The directory that later steps bind, instead of a path of theirs.
  void UseStore(int fd) {
    store_path_ << "/proc/self/fd/" << fd;
    state_.store_path = store_path_.c_str();
  }

 private:
  LaunchLog log_{"relocd", false};
  FixedText<64> store_path_;
  LaunchState state_;
  Executor executor_;
};

// unshare(2) gives the process a copy of every mount, and only those can be bound: mount(2) is EINVAL for a
// descriptor that was opened before. But the working directory is carried over into the copy.
bool ReopenStore(const UniqueFd& before, UniqueFd* after, Failure* failure) {
  Result<UniqueFd> here = Open(".", O_PATH | O_DIRECTORY);
  if (!here.ok()) return Fail(failure, "open store", here.error().value);
  Result<FileId> was = Identify(before.get());
  Result<FileId> is = Identify(here->get());
  if (!was.ok() || !is.ok() || !(*was == *is)) return Fail(failure, "verify store", ESTALE);
  *after = *std::move(here);
  return true;
}

bool BuildImageRoot(int file, UniqueFd* server, Failure* failure) {
  PackImage image;
  FixedText<64> path;
  path << "/proc/self/fd/" << file;
  Errno e = OpenPackImage(path.c_str(), &image);
  if (!e.ok()) return Fail(failure, "open image", e.value);
  return EnterImageRoot(image, failure, server);
}

}  // namespace

bool EnterSharedUserNamespace(Failure* failure) {
  Steps steps;
  // The real thing, a staged root, and not only unshare(2): there are hosts that allow the one and refuse the
  // other.
  return steps.Run(Op::kUnshare, failure) && steps.Run(Op::kStageRoot, failure, kProbePrefix);
}

bool BuildRoot(int user_ns, UniqueFd store, const std::string& prefix, UniqueFd* server, Failure* failure) {
  if (!prefix.empty() && ::fchdir(store.get()) != 0) return Fail(failure, "enter store", errno);
  if (user_ns >= 0 && ::setns(user_ns, CLONE_NEWUSER) != 0) {
    return Fail(failure, "join user namespace", errno);
  }
  if (prefix.empty()) return BuildImageRoot(store.get(), server, failure);
  Steps steps;
  UniqueFd reopened;
  // With the capabilities of the namespace that was joined, kUnshare makes no other user namespace.
  if (!steps.Run(Op::kUnshare, failure) || !ReopenStore(store, &reopened, failure)) return false;
  steps.UseStore(reopened.get());
  return steps.Run(Op::kStageRoot, failure, prefix) && steps.Run(Op::kBindStore, failure, ".", prefix) &&
         steps.Run(Op::kEnterRoot, failure);
}

}  // namespace reloc
