#include "reloc/engine/userns_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string_view>

#include "reloc/base/file.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/launch_root.h"
#include "reloc/launch/under_tracer.h"

namespace reloc {
namespace {

// Every host has the first directory, no host the second.
constexpr char kStore[] = "/usr";
constexpr char kPrefix[] = "/relocd-probe/store";
constexpr Step kPrepare[] = {{Op::kUnshare, 0, "", ""},
                             {Op::kStageRoot, 0, kPrefix, ""},
                             {Op::kBindStore, 0, kStore, kPrefix},
                             {Op::kEnterRoot, 0, "", ""}};
constexpr Step kEnter[] = {{Op::kJoin, 0, "", ""}};

// Does what the launcher does. Returns false on failure.
bool MakeAndEnterRoot(Failure* failure) {
  const LaunchLog log("relocctl", false);
  LaunchState state;
  state.store_path = kStore;
  if (!MakeOwnRoot(kPrepare, &state, log, failure)) return false;
  Executor executor(&state, log);
  executor.Enter(kEnter, failure);
  return !failure->failed();
}

void LookIntoRoot(const FileId& store, Failure* failure) {
  Result<FileId> shown = IdentifyAt(AT_FDCWD, kPrefix);
  if (!shown.ok() || !(*shown == store)) {
    failure->Set("look into the root", shown.ok() ? Errno{ESTALE} : shown.error(), kPrefix);
  }
}

void Attempt(Failure* failure) {
  Result<FileId> store = IdentifyAt(AT_FDCWD, kStore);
  if (!store.ok()) {
    failure->Set("find", store.error(), kStore);
  } else if (MakeAndEnterRoot(failure)) {
    LookIntoRoot(*store, failure);
  }
}

// Returns true if the setting `path` exists and has `value`.
bool SwitchIs(const char* path, string_view value) {
  FixedText<64> text;
  return ReadSmallFile(path, &text).ok() && StartsWith(text.view(), value) && text.size() == value.size() + 1;
}

}  // namespace

Trial TryUserns() { return RunTrial(Attempt); }

std::string UsernsFix(const Trial& trial) {
  if (IsUnderTracer())
    return "use the engine proot or fakechroot, or leave the program that runs under proot";
  if (trial.error == ENOSPC || trial.error == EUSERS || SwitchIs("/proc/sys/user/max_user_namespaces", "0")) {
    return "as root: sysctl user.max_user_namespaces=15000";
  }
  if (SwitchIs("/proc/sys/kernel/unprivileged_userns_clone", "0")) {
    return "as root: sysctl kernel.unprivileged_userns_clone=1";
  }
  if (SwitchIs("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")) {
    return "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (::prctl(PR_GET_SECCOMP) != 0) {
    return "a seccomp filter is in the way: start the container with one that allows unshare, setns, mount "
           "and chroot (podman run --security-opt seccomp=unconfined)";
  }
  if (::access("/proc/self/ns/user", F_OK) != 0) {
    return "mount /proc, with a kernel that has user namespaces";
  }
  return "a chroot may make no user namespaces: enter it with systemd-nspawn or bwrap instead of chroot";
}

}  // namespace reloc
