#include "reloc/launch/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "reloc/base/file.h"
#include "reloc/base/mounts.h"
#include "reloc/base/text.h"

namespace reloc {
namespace {

Errno WriteProcFile(const char* path, string_view text) {
  Result<UniqueFd> fd = Open(path, O_WRONLY);
  return fd.ok() ? WriteAll(fd->get(), text) : fd.error();
}

Errno MapId(const char* path, uint64_t id) {
  FixedText<64> line;
  line << id << ' ' << id << " 1";
  return WriteProcFile(path, line.view());
}

Errno MapIds(uid_t uid, gid_t gid) {
  // user_namespaces(7): an unprivileged process may write gid_map only after it gave up setgroups(2).
  RELOC_TRY(WriteProcFile("/proc/self/setgroups", "deny"));
  RELOC_TRY(MapId("/proc/self/uid_map", uid));
  return MapId("/proc/self/gid_map", gid);
}

// From linux/nsfs.h, which musl's headers lack. Linux 4.11.
constexpr unsigned kGetOwningUserNamespace = _IO(0xb7, 1);
constexpr unsigned kGetNamespaceType = _IO(0xb7, 3);
constexpr unsigned kGetOwnerUid = _IO(0xb7, 4);

// Compares device numbers first: a file on a FUSE file system would pass an ioctl on to its server.
bool IsNamespace(int fd, int type) {
  Result<UniqueFd> own = Open("/proc/self/ns/mnt", O_RDONLY);
  KernelStatx ours, theirs;
  if (!own.ok() || !ReadKnownAttributes(own->get(), &ours).ok() || !ReadKnownAttributes(fd, &theirs).ok())
    return false;
  return ours.dev_major == theirs.dev_major && ours.dev_minor == theirs.dev_minor &&
         ::ioctl(fd, static_cast<int>(kGetNamespaceType)) == type;
}

struct HelperCall {
  Errno (*work)(void*);
  void* argument;
  Errno result;
};

int HelperMain(void* argument) {
  HelperCall* call = static_cast<HelperCall*>(argument);
  call->result = call->work(call->argument);
  ::_exit(0);
}

// One helper at a time: the parent is suspended until it exits.
constexpr size_t kHelperStackSize = 128 * 1024;
alignas(16) char g_helper_stack[kHelperStackSize];

}  // namespace

bool HasSysAdmin() {
  // capget(2) by number: libcap is one more library, and its header includes linux/ headers that musl lacks.
  struct {
    uint32_t version;
    int pid;
  } header{0x20080522, 0};  // _LINUX_CAPABILITY_VERSION_3, self
  struct {
    uint32_t effective, permitted, inheritable;
  } data[2] = {};
  constexpr uint32_t kSysAdmin = 21;
  return ::syscall(SYS_capget, &header, data) == 0 && (data[0].effective >> kSysAdmin & 1) != 0;
}

bool UnshareIsSafeHere() {
  if (::prctl(PR_GET_SECCOMP) != 0) return false;
  // Without /proc the maps cannot be written, and unmapped ids are lost.
  if (::access("/proc/self/uid_map", F_OK) != 0) return false;
  FixedText<8> restricted;
  Errno e = ReadSmallFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", &restricted);
  return e.value == ENOENT || (e.ok() && restricted.view() == "0\n");
}

Errno EnterUserNamespace(const char** step) {
  if (HasSysAdmin()) return kOk;
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  *step = "unshare";
  if (::unshare(CLONE_NEWUSER) != 0) return Errno::Last();
  *step = "map ids";
  return MapIds(uid, gid);
}

Errno EnterNewNamespaces(const char** step) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  const bool privileged = HasSysAdmin();
  *step = "unshare";
  if (::unshare(privileged ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return Errno::Last();
  *step = "map ids";
  if (!privileged) RELOC_TRY(MapIds(uid, gid));
  *step = "mount / as slave";
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0 ? kOk : Errno::Last();
}

Errno JoinNamespaces(int user_ns, int mount_ns, bool* joined_user) {
  *joined_user = false;
  if (user_ns >= 0) {
    if (::setns(user_ns, CLONE_NEWUSER) != 0) return Errno::Last();
    *joined_user = true;
  }
  return ::setns(mount_ns, CLONE_NEWNS) == 0 ? kOk : Errno::Last();
}

bool AreOwnNamespaces(int user_ns, int mount_ns) {
  if (!IsNamespace(mount_ns, CLONE_NEWNS)) return false;
  if (user_ns < 0) return true;
  uid_t owner;
  if (!IsNamespace(user_ns, CLONE_NEWUSER) || ::ioctl(user_ns, static_cast<int>(kGetOwnerUid), &owner) != 0 ||
      owner != ::geteuid())
    return false;
  UniqueFd owning(::ioctl(mount_ns, static_cast<int>(kGetOwningUserNamespace)));
  Result<FileId> wanted = Identify(user_ns);
  Result<FileId> found = owning.valid() ? Identify(owning.get()) : Result<FileId>(Errno{EPERM});
  return wanted.ok() && found.ok() && *wanted == *found;
}

void MarkAsJob() { (void)::unshare(CLONE_NEWUTS); }

Errno OpenOwnNamespaces(UniqueFd* user_ns, UniqueFd* mount_ns) {
  Result<UniqueFd> user = Open("/proc/self/ns/user", O_RDONLY);
  if (!user.ok()) return user.error();
  Result<UniqueFd> mount = Open("/proc/self/ns/mnt", O_RDONLY);
  if (!mount.ok()) return mount.error();
  *user_ns = std::move(*user);
  *mount_ns = std::move(*mount);
  return kOk;
}

Errno RunInHelper(Errno (*work)(void*), void* argument) {
  HelperCall call{work, argument, Errno{ECANCELED}};
  int pid =
      ::clone(HelperMain, g_helper_stack + kHelperStackSize, CLONE_VM | CLONE_VFORK | CLONE_FILES, &call);
  if (pid < 0) return Errno::Last();
  while (::waitpid(pid, nullptr, __WCLONE) < 0) {
    if (errno != EINTR) return Errno::Last();
  }
  return call.result;
}

}  // namespace reloc
