#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/host/doctor/checks.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/user_name.h"
#include "reloc/launch/image_server.h"

// glibc 2.36's header lacks extern "C".
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

namespace fs = std::filesystem;

constexpr rlim_t kFewDescriptors = 1024;
constexpr int64_t kFewNamespaces = 64;

// Returns the text of a small file of /proc or /sys, trimmed; empty if there is none.
std::string ReadSwitch(const char* path) {
  FixedText<4096> text;
  if (!ReadSmallFile(path, &text).ok()) return "";
  return std::string(absl::StripAsciiWhitespace(absl::string_view(text.c_str(), text.size())));
}

bool HasPeerPidfd() {
  constexpr int kSoPeerPidfd = 77;  // SO_PEERPIDFD, newer than Debian 12's headers
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return false;
  UniqueFd one(pair[0]);
  UniqueFd other(pair[1]);
  int fd = -1;
  socklen_t size = sizeof fd;
  if (::getsockopt(one.get(), SOL_SOCKET, kSoPeerPidfd, &fd, &size) != 0) return false;
  UniqueFd pidfd(fd);
  return true;
}

bool HasPidfdInfo(int pidfd) {
  uint64_t info[8] = {};  // PIDFD_INFO_SIZE_VER0 is 64 bytes; the first are the mask
  return ::ioctl(pidfd, _IOWR(0xFF, 11, info), info) == 0;
}

bool HasOpenat2() {
  uint64_t how[3] = {O_PATH | O_CLOEXEC, 0, 0};  // struct open_how: flags, mode, resolve
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/", how, sizeof how)));
  return fd.valid();
}

// Checks by trying, because distributions backport, and containers forbid.
Finding CheckKernel() {
  struct utsname name = {};
  ::uname(&name);
  const std::string release = absl::StrCat("Linux ", name.release);
  UniqueFd pidfd(::pidfd_open(::getpid(), 0));
  if (!pidfd.valid())
    return Fail("kernel", release + " has no pidfd_open: no job can be watched", "Linux 5.3 or later");
  std::vector<std::string> missing;
  if (!HasPeerPidfd()) missing.push_back("SO_PEERPIDFD (6.5)");
  if (!HasPidfdInfo(pidfd.get())) missing.push_back("PIDFD_GET_INFO (6.13)");
  if (!HasOpenat2()) missing.push_back("openat2 (5.6)");
  if (missing.empty()) return Ok("kernel", release);
  return Warn(
      "kernel",
      absl::StrCat(release, " lacks ", absl::StrJoin(missing, ", "), ": how some jobs ended stays unknown"),
      "a newer kernel, if you care");
}

Finding CheckNamespaceLimit() {
  constexpr const char* kCheck = "user namespaces";
  const std::string text = ReadSwitch("/proc/sys/user/max_user_namespaces");
  int64_t limit = 0;
  if (!absl::SimpleAtoi(text, &limit))
    return Warn(kCheck, "this kernel has none", "use the engine fakechroot or proot");
  if (limit < kFewNamespaces) {
    return Warn(kCheck, absl::StrCat("at most ", limit), "as root: sysctl user.max_user_namespaces=15000");
  }
  if (ReadSwitch("/proc/sys/kernel/unprivileged_userns_clone") == "0") {
    return Warn(kCheck, "root's alone", "as root: sysctl kernel.unprivileged_userns_clone=1");
  }
  if (ReadSwitch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    return Warn(kCheck, "restricted by AppArmor",
                "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0");
  }
  return Ok(kCheck, absl::StrCat("at most ", limit));
}

// Without Yama the file does not exist, which is as good as 0.
Finding CheckPtrace() {
  const std::string scope = ReadSwitch("/proc/sys/kernel/yama/ptrace_scope");
  if (scope != "2" && scope != "3") return Ok("ptrace", "allowed");
  return Warn("ptrace",
              absl::StrCat("kernel.yama.ptrace_scope is ", scope, ": the engine proot does not work"),
              "as root: sysctl kernel.yama.ptrace_scope=1");
}

Finding CheckImages() {
  constexpr const char* kCheck = "images";
  PathText server;
  if (!FindImageServer(&server).ok())
    return Warn(kCheck, "reloc-squashfs is missing: .sqfs packs cannot be run", "reinstall relocd");
  UniqueFd fuse(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!fuse.valid()) {
    return Warn(kCheck, absl::StrCat("/dev/fuse: ", strerror(errno), ": .sqfs packs cannot be run"),
                "as root: modprobe fuse; chmod 666 /dev/fuse");
  }
  if (CanFilterSystemCalls()) return Ok(kCheck, absl::StrCat("mounted by ", server.c_str()));
  return Warn(kCheck, "the kernel has no seccomp: what reads .sqfs packs is not confined",
              "use only images that you would run programs from");
}

Finding CheckInotify() {
  UniqueFd fd(::inotify_init1(IN_CLOEXEC));
  if (fd.valid() && ::inotify_add_watch(fd.get(), "/", IN_DELETE_SELF) >= 0)
    return Ok("inotify", "can be had");
  return Warn("inotify",
              absl::StrCat(strerror(errno), ": relocd does not see it when its sockets are removed"),
              "as root: sysctl fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288");
}

Finding CheckDescriptors() {
  struct rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::string found = absl::StrCat("at most ", limit.rlim_max, " in a process");
  if (limit.rlim_max >= kFewDescriptors) return Ok("descriptors", found);
  return Warn("descriptors", found + ": relocd needs one for each job",
              "raise the hard limit: ulimit -Hn, limits.conf(5)");
}

// Explains why a store looks different inside a root.
Finding CheckStores() {
  std::vector<std::string> stores;
  for (const char* prefix : {"/gnu/store", "/nix/store"}) {
    if (IsDirectory(prefix)) stores.push_back(prefix);
  }
  if (stores.empty()) return Ok("stores", "the host has none");
  return Ok("stores", absl::StrCat("the host has ", absl::StrJoin(stores, " and "),
                                   "; programs of packs see their pack's instead"));
}

Finding CheckCgroup() {
  const bool unified = ::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
  std::vector<std::string> lines = absl::StrSplit(ReadSwitch("/proc/self/cgroup"), '\n');
  absl::string_view path = lines.back();
  const size_t colon = path.rfind(':');
  if (colon == path.npos) return Ok("cgroup", "none");
  return Ok("cgroup", absl::StrCat(path.substr(colon + 1), unified ? "" : " (version 1)"));
}

Finding CheckSlurm() {
  const char* job = ::getenv("SLURM_JOB_ID");
  if (job == nullptr) return Ok("Slurm", "not in a job");
  return Ok("Slurm",
            absl::StrCat("in job ", job,
                         ": --detach and --supervised need --allow-escape, as work must not leave it"));
}

bool SaysKillUserProcesses(const std::string& file, bool before) {
  absl::StatusOr<std::string> text = ReadWholeFile(file, 1 << 20);
  for (absl::string_view line : absl::StrSplit(text.ok() ? *text : "", '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(absl::StripAsciiWhitespace(line), absl::MaxSplits('=', 1));
    if (words.size() != 2 || absl::StripAsciiWhitespace(words[0]) != "KillUserProcesses") continue;
    const std::string value = absl::AsciiStrToLower(absl::StripAsciiWhitespace(words[1]));
    before = value == "yes" || value == "true" || value == "on" || value == "1";
  }
  return before;
}

// logind.conf(5): the main file, then those in the directories, by name, whatever directory they are in.
bool KillsUserProcesses() {
  bool kills = SaysKillUserProcesses("/etc/systemd/logind.conf", false);
  std::vector<fs::path> files;
  for (const char* directory :
       {"/usr/lib/systemd/logind.conf.d", "/run/systemd/logind.conf.d", "/etc/systemd/logind.conf.d"}) {
    std::error_code error;
    for (fs::directory_iterator file(directory, error), end; !error && file != end; file.increment(error)) {
      if (file->path().extension() == ".conf") files.push_back(file->path());
    }
  }
  std::stable_sort(files.begin(), files.end(),
                   [](const auto& a, const auto& b) { return a.filename() < b.filename(); });
  for (const fs::path& file : files) kills = SaysKillUserProcesses(file, kills);
  return kills;
}

Finding CheckLogout() {
  constexpr const char* kCheck = "logout";
  if (::access("/run/systemd/system", F_OK) != 0) return Ok(kCheck, "no systemd that ends your processes");
  const std::string name = UserName(::geteuid());
  if (::access(("/var/lib/systemd/linger/" + name).c_str(), F_OK) == 0) return Ok(kCheck, "you linger");
  if (!KillsUserProcesses()) return Ok(kCheck, "your processes go on");
  return Warn(kCheck, "logind ends your processes, relocd and jobs too (KillUserProcesses)",
              absl::StrCat("loginctl enable-linger ", name));
}

}  // namespace

Findings CheckHost() {
  return {CheckKernel(),      CheckNamespaceLimit(), CheckPtrace(), CheckImages(), CheckInotify(),
          CheckDescriptors(), CheckStores(),         CheckCgroup(), CheckSlurm(),  CheckLogout()};
}

}  // namespace reloc
