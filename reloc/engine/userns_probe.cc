#include "reloc/engine/userns_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string_view>

#include "reloc/base/file.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/namespaces.h"

namespace reloc {
namespace {

// Every host has the first, no host the second.
constexpr char kStore[] = "/usr";
constexpr char kPrefix[] = "/relocd-probe/store";
constexpr Step kPrepare[] = {{Op::kUnshare, 0, "", ""},
                             {Op::kStageRoot, 0, kPrefix, ""},
                             {Op::kBindStore, 0, kStore, kPrefix},
                             {Op::kEnterRoot, 0, "", ""}};
constexpr Step kEnter[] = {{Op::kJoin, 0, "", ""}};

struct Build {
  Executor* executor;
  LaunchState* state;
  Failure* failure;
};

Errno BuildInHelper(void* argument) {
  Build* build = static_cast<Build*>(argument);
  const bool privileged = HasSysAdmin();
  if (!build->executor->Prepare(kPrepare, build->failure)) return build->failure->error;
  RELOC_TRY(OpenOwnNamespaces(&build->state->user_ns, &build->state->mount_ns));
  if (privileged) build->state->user_ns.Reset();
  return kOk;
}

// As the launcher does it: made here where that is safe, else by a helper and joined. False if it failed.
bool MakeAndEnterRoot(Failure* failure) {
  const Trace trace("relocctl", false);
  LaunchState state;
  state.store_path = kStore;
  Executor executor(&state, trace);
  if (UnshareIsSafeHere()) return executor.Prepare(kPrepare, failure);
  Build build{&executor, &state, failure};
  Errno e = RunInHelper(BuildInHelper, &build);
  if (!e.ok() && !failure->failed()) failure->Set("make a root", e, "");
  if (e.ok()) executor.Enter(kEnter, failure);
  return !failure->failed();
}

void LookIntoRoot(const FileId& store, Failure* failure) {
  Result<FileId> shown = IdentifyAt(AT_FDCWD, kPrefix);
  if (!shown.ok() || !(*shown == store)) {
    failure->Set("look into the root", shown.ok() ? Errno{ESTALE} : shown.error(), kPrefix);
  }
}

// In the child: the errno, then the obstacle, or nothing but a zero.
Errno Report(int pipe) {
  Failure failure;
  Result<FileId> store = IdentifyAt(AT_FDCWD, kStore);
  if (!store.ok()) {
    failure.Set("find", store.error(), kStore);
  } else if (MakeAndEnterRoot(&failure)) {
    LookIntoRoot(*store, &failure);
  }
  failure.hint = nullptr;  // the parent knows better
  FixedText<1024> text;
  text << string_view(reinterpret_cast<const char*>(&failure.error.value), sizeof(int));
  if (failure.failed()) failure.Describe(&text);
  return WriteAll(pipe, text.view());
}

UsernsTrial Receive(int pipe, pid_t child) {
  char text[1024];
  Result<size_t> size = ReadAll(pipe, text);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  UsernsTrial trial{ECHILD, "the trial ended early"};
  if (!size.ok() || *size < sizeof(int)) return trial;
  memcpy(&trial.error, text, sizeof(int));
  trial.obstacle.assign(text + sizeof(int), *size - sizeof(int));
  return trial;
}

// True if the switch `path` exists and has `value`.
bool SwitchIs(const char* path, string_view value) {
  FixedText<64> text;
  return ReadSmallFile(path, &text).ok() && StartsWith(text.view(), value) && text.size() == value.size() + 1;
}

}  // namespace

UsernsTrial TryUserns() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {errno, std::string("pipe: ") + strerror(errno)};
  UniqueFd reader(ends[0]), writer(ends[1]);
  pid_t child = ::fork();
  if (child < 0) return {errno, std::string("fork: ") + strerror(errno)};
  if (child == 0) ::_exit(Report(writer.get()).ok() ? 0 : 1);
  writer.Reset();
  return Receive(reader.get(), child);
}

std::string UsernsCure(const UsernsTrial& trial) {
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
           "and "
           "chroot (podman run --security-opt seccomp=unconfined)";
  }
  if (::access("/proc/self/ns/user", F_OK) != 0) {
    return "mount /proc, with a kernel that has user namespaces";
  }
  return "a chroot may make no user namespaces: enter it with systemd-nspawn or bwrap instead of chroot";
}

}  // namespace reloc
