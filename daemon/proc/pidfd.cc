#include "daemon/proc/pidfd.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "daemon/proc/job_mark.h"
#include "daemon/proc/proc_stat.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"

// glibc 2.36 forgot to say so in the header.
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

// asm-generic/socket.h and linux/pidfd.h of newer kernels; Debian 12's headers are of 6.1.
constexpr int kSoPeerPidfd = 77;          // SO_PEERPIDFD, Linux 6.5
constexpr long kPidFsMagic = 0x50494446;  // PID_FS_MAGIC, Linux 6.9
constexpr uint64_t kPidfdInfoExit = 8;    // PIDFD_INFO_EXIT, Linux 6.15
struct PidfdInfo {                        // PIDFD_INFO_SIZE_VER0
  uint64_t mask;
  uint64_t cgroup_id;
  uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  int32_t exit_code;  // as of waitpid(2)
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr unsigned long kPidfdGetMountNamespace = _IO(0xFF, 3);  // Linux 6.11

bool HasInode(int pidfd) {
  struct statfs fs;
  return ::fstatfs(pidfd, &fs) == 0 && fs.f_type == kPidFsMagic;
}

// False: this kernel has no such call.
bool AskKernel(int pidfd, std::optional<int>* wait_status) {
  PidfdInfo info = {};
  info.mask = kPidfdInfoExit;
  if (::ioctl(pidfd, kPidfdGetInfo, &info) != 0) return errno == ESRCH;
  if ((info.mask & kPidfdInfoExit) != 0) *wait_status = info.exit_code;
  return true;
}

// Of a process of another user (a setuid program) /proc shows the exit status 0, whatever it is. The links
// below ns/ are guarded by the same check; those of a zombie lead nowhere.
bool MayReadStatus(pid_t pid) {
  char target[64];
  ssize_t size = ::readlink(absl::StrCat("/proc/", pid, "/ns/mnt").c_str(), target, sizeof target);
  return size >= 0 || errno != EACCES;
}

// A process that has ended and was not waited for has closed its files and holds nobody up (stall_guard.h).
// One that was waited for is not looked at: its number may be another's.
void AskProc(int pidfd, pid_t pid, Ending* ending) {
  if (!HasEnded(pidfd) || ::pidfd_send_signal(pidfd, 0, nullptr, 0) != 0) return;
  std::optional<ProcStat> stat = ReadProcStat(pid);
  bool readable = MayReadStatus(pid);
  // Checked afterwards: while the process is not waited for, its number cannot name another one.
  if (!stat || stat->state != 'Z' || ::pidfd_send_signal(pidfd, 0, nullptr, 0) != 0) return;
  ending->cpu_seconds = stat->cpu_seconds + stat->children_cpu_seconds;
  if (readable) ending->wait_status = stat->exit_code;
}

}  // namespace

absl::StatusOr<UniqueFd> OpenPeerPidfd(int socket, pid_t pid, absl::Duration accepted) {
  int fd = -1;
  socklen_t size = sizeof fd;
  if (fault::Fails(fault::Point::kJobWatch)) return absl::ErrnoToStatus(errno, "cannot watch a process");
  if (::getsockopt(socket, SOL_SOCKET, kSoPeerPidfd, &fd, &size) == 0) return UniqueFd(fd);
  if (errno != ENOPROTOOPT) return absl::ErrnoToStatus(errno, "cannot watch a process");
  return OpenPidfd(pid, accepted);
}

absl::StatusOr<UniqueFd> OpenPidfd(pid_t pid, absl::Duration since) {
  UniqueFd fd(::pidfd_open(pid, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot watch a process");
  std::optional<ProcStat> stat = IsOurs(pid) ? ReadProcStat(pid) : std::nullopt;
  if (!stat || stat->started > since) return absl::NotFoundError("the process is gone");
  return fd;
}

bool SameProcess(int a, int b) {
  if (!HasInode(a)) return !HasEnded(a);
  Result<FileId> first = Identify(a);
  Result<FileId> second = Identify(b);
  return first.ok() && second.ok() && *first == *second;
}

ProcessIdentity IdentifyProcess(int pidfd, pid_t pid) {
  if (HasInode(pidfd)) {
    Result<FileId> id = Identify(pidfd);
    return {id.ok() ? id->inode : 0, absl::ZeroDuration()};
  }
  std::optional<ProcStat> stat = IsOurs(pid) ? ReadProcStat(pid) : std::nullopt;
  // Checked afterwards: as long as it takes signals, the number was its own.
  if (!stat || ::pidfd_send_signal(pidfd, 0, nullptr, 0) != 0) return {};
  return {0, stat->started};
}

absl::StatusOr<UniqueFd> ReopenPidfd(pid_t pid, const ProcessIdentity& identity) {
  UniqueFd fd(::pidfd_open(pid, 0));
  if (!fd.valid() && errno != ESRCH) return absl::ErrnoToStatus(errno, "cannot watch a process");
  bool same = fd.valid() && identity != ProcessIdentity() && IdentifyProcess(fd.get(), pid) == identity;
  if (!same) return absl::NotFoundError("the process is gone");
  return fd;
}

uint64_t MountNamespaceOf(int pidfd, pid_t pid) {
  UniqueFd ns(::ioctl(pidfd, kPidfdGetMountNamespace, 0));
  if (ns.valid()) {
    Result<FileId> id = Identify(ns.get());
    return id.ok() ? id->inode : 0;
  }
  const bool unknown_call = errno == ENOTTY || errno == EINVAL;
  return unknown_call && IsOurs(pid) ? ReadNamespaces(pid).mount : 0;
}

bool HasEnded(int pidfd) {
  struct pollfd entry = {pidfd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

std::optional<Ending> ReadEnding(int pidfd, pid_t pid) {
  Ending ending;
  // First, since it is the cheaper one, and where it has an answer /proc has none any more.
  bool kernel_tells = AskKernel(pidfd, &ending.wait_status);
  if (ending.wait_status) return ending;
  AskProc(pidfd, pid, &ending);
  if (kernel_tells && !ending.wait_status) return std::nullopt;
  return ending;
}

absl::Duration BootTimeNow() {
  struct timespec now = {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);  // cannot fail for this clock
  return absl::DurationFromTimespec(now);
}

}  // namespace reloc
