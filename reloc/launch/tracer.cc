#include "reloc/launch/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "reloc/base/loader_setting.h"
#include "reloc/base/path.h"
#include "reloc/launch/descriptors.h"
#include "reloc/launch/directory.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/program_proxy.h"
#include "reloc/launch/signals.h"
#include "reloc/launch/tracer_link.h"
#include "reloc/launch/tracer_loader.h"

namespace reloc {
namespace {

// How long proot may take to show that it works. If its acceleration does not match the kernel, it may hang.
constexpr int kReadyMillis = 5000;

constexpr char kFix[] = "use the engine userns or fakechroot";

// PRoot knows the working directory only by its path. If there is none, it refuses to start or uses "/".
bool CwdHasPath() {
  char path[4096];
  if (::getcwd(path, sizeof path) == nullptr) return false;
  Result<FileId> by_path = IdentifyAt(AT_FDCWD, path);
  Result<FileId> itself = IdentifyAt(AT_FDCWD, ".");
  return by_path.ok() && itself.ok() && *by_path == *itself;
}

// Returns what to bind, as host and guest: the prefix, or its nearest parent whose own parent exists on the
// host. For anything deeper, proot would have to invent directories, and makes temporary ones for that.
string_view BoundPath(string_view prefix) {
  string_view bound = prefix;
  PathText parent;
  for (string_view up = DirName(bound); up.size() > 1; up = DirName(up)) {
    parent.Clear();
    parent << up;
    if (!IsDirectory(parent.c_str())) bound = up;
  }
  return bound;
}

Errno KeepOnExec(int fd) { return ::fcntl(fd, F_SETFD, 0) == 0 ? kOk : Errno::Last(); }

size_t SizeOf(char* const* texts, uint32_t* count) {
  size_t size = 0;
  for (*count = 0; texts[*count] != nullptr; ++*count) size += strlen(texts[*count]) + 1;
  return size;
}

void CopyTexts(char* const* texts, TextBuffer* into) {
  for (; *texts != nullptr; ++texts) *into << *texts << '\0';
}

}  // namespace

bool Tracer::Start(const TracerPlan& plan, Failure* failure) {
  if (memchr(plan.pack_dir.data(), ':', plan.pack_dir.size()) != nullptr) {
    failure->Set("bind", Errno{EINVAL}, plan.pack_dir, "move the pack to a path without ':'");
    return false;
  }
  if (!CwdHasPath()) {
    failure->Set("trace", Errno{ENOENT}, "from a working directory that no path leads to", kFix);
    return false;
  }
  Result<std::span<int>> open = ListDescriptors(arena_);
  if (!open.ok()) {
    failure->Set("list descriptors", open.error(), "/proc/self/fd", "/proc must be mounted");
    return false;
  }
  descriptors_ = *open;
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < INT_MAX)
    limit_ = static_cast<int>(limit.rlim_cur);
  // Otherwise proot writes the loader to a file in /tmp.
  if (Result<UniqueFd> loader = OpenTracerLoader(plan.tracer); loader.ok()) loader_ = std::move(*loader);
  signal_mask_ = SetSignalMask(kAllSignals);
  if (Try(plan, true, failure) || Try(plan, false, failure)) return true;
  SetSignalMask(signal_mask_);
  return false;
}

bool Tracer::Try(const TracerPlan& plan, bool accelerated, Failure* failure) {
  failure->Clear();
  int pair[2] = {-1, -1};
  errors_.Reset(::memfd_create("proot", MFD_CLOEXEC));
  if (!errors_.valid() || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    failure->Set("start the tracer", Errno::Last(), plan.tracer);
    return false;
  }
  socket_.Reset(pair[0]);
  far_socket_.Reset(pair[1]);
  // fork(2) without libc's part, which nothing here needs: it would add 2 KB to the shim.
  pid_ = static_cast<int>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (pid_ == 0) {
    // If it returned, it has failed. If that cannot be sent, the end of the socket means the same.
    TraceMessage failed{TraceEvent::kStartFailed, BecomeTracer(plan, accelerated).value};
    ::_exit(SendTrace(far_socket_.get(), failed).ok() ? 0 : 127);
  }
  if (pid_ < 0) failure->Set("fork", Errno::Last(), "");
  far_socket_.Reset();
  if (pid_ > 0 && AwaitReady(plan, failure)) return true;
  GiveUp();
  RemoveGlue(plan);
  return false;
}

// Runs in the child: becomes proot.
Errno Tracer::BecomeTracer(const TracerPlan& plan, bool accelerated) {
  // If it is stopped and its proxy is then killed, it would hold the program for ever.
  if (::prctl(PR_SET_PDEATHSIG, SIGCONT) != 0) return Errno::Last();
  RELOC_TRY(ArrangeDescriptors());
  string_view bound = BoundPath(plan.prefix);
  FixedText<8192> binding;
  binding << plan.pack_dir << bound << ':' << bound;
  FixedText<64> loader_path, socket, loader;
  loader_path << "PROOT_LOADER=/proc/" << ::getpid() << "/fd/" << loader_.get();
  socket << far_socket_.get();
  loader << loader_.get();
  PathText prefix;
  prefix << plan.prefix;
  // The mark of the job: all processes that it traces belong to it.
  FixedText<64> mark;
  mark << kJobVariable << '=';
  AppendJobMark(::getppid(), MonotonicMicros(), &mark);
  // mkdir fails in that directory, which proot tolerates; otherwise it creates a useless directory.
  const char* environment[5] = {"PROOT_TMP_DIR=/proc/self/fdinfo", mark.c_str()};
  size_t variables = 2;
  if (loader_.valid()) environment[variables++] = loader_path.c_str();
  if (!accelerated) environment[variables++] = "PROOT_NO_SECCOMP=1";
  const char* arguments[] = {plan.tracer,    "-b",           binding.c_str(), plan.tracee, socket.c_str(),
                             loader.c_str(), prefix.c_str(), plan.program,    nullptr};
  if (binding.overflowed()) return Errno{ENAMETOOLONG};
  ::execve(plan.tracer, const_cast<char**>(arguments), const_cast<char**>(environment));
  return Errno::Last();
}

// Gives PRoot none of the caller's descriptors, because it would keep them open as long as it runs.
// Exceptions are those with numbers beyond a limit that was lowered since: no process could be given such a
// number again.
Errno Tracer::ArrangeDescriptors() {
  Result<UniqueFd> null = Open("/dev/null", O_RDWR);
  if (!null.ok()) return null.error();
  if (::dup2(null->get(), 0) < 0 || ::dup2(null->get(), 1) < 0 || ::dup2(errors_.get(), 2) < 0)
    return Errno::Last();
  for (int fd : descriptors_) {
    if (fd > 2 && fd < limit_) ::close(fd);
  }
  RELOC_TRY(KeepOnExec(far_socket_.get()));
  return loader_.valid() ? KeepOnExec(loader_.get()) : kOk;
}

bool Tracer::AwaitReady(const TracerPlan& plan, Failure* failure) {
  TraceMessage message{};
  struct pollfd answer = {socket_.get(), POLLIN, 0};
  Errno error =
      ::poll(&answer, 1, kReadyMillis) == 1 ? ReceiveTrace(socket_.get(), &message) : Errno{ETIMEDOUT};
  if (error.ok() && message.event == TraceEvent::kStartFailed) {
    failure->Set("exec", Errno{message.value}, plan.tracer);
    return false;
  }
  if (error.ok() && message.event == TraceEvent::kReady && message.file == plan.store) {
    RemoveGlue(plan);
    program_ = message.value;
    error = SendDescriptors();
    if (error.ok()) return true;
    failure->Set("pass descriptors", error, "");
    return false;
  }
  FixedText<256> why;
  ReadErrors(&why);
  if (why.empty() && error.value == EPIPE) why << "proot ended without a word";
  if (why.empty()) why << "the store is not seen under proot";
  failure->Set("trace:", error.value == ETIMEDOUT ? error : kOk, why.view(), kFix);
  return false;
}

// Reads the first line that proot wrote, without its "proot error: ".
void Tracer::ReadErrors(TextBuffer* text) const {
  char memory[4096];
  ssize_t size = ::pread(errors_.get(), memory, sizeof memory, 0);
  string_view rest(memory, size > 0 ? static_cast<size_t>(size) : 0);
  while (!rest.empty()) {
    string_view line = SplitFirst(rest, '\n', &rest);
    constexpr string_view kError = "proot error: ";
    // Messages about its temporary directory are our own doing.
    if (!StartsWith(line, kError) || line.find("glue") != string_view::npos ||
        line.find("temporary") != string_view::npos)
      continue;
    *text << Suffix(line, kError.size());
    return;
  }
}

// Removes what PRoot 5.1 leaves, which does not support PROOT_TMP_DIR: if the host has nothing at the bound
// path, it makes a useless empty directory, and an empty directory at that path if it may (as root). Both are
// removed at once: nothing would remove them if proot is killed.
void Tracer::RemoveGlue(const TracerPlan& plan) const {
  PathText path;
  path << BoundPath(plan.prefix);
  struct stat st;
  // The placeholder has no permission bits at all.
  if (::lstat(path.c_str(), &st) == 0 && (st.st_mode & 07777) != 0) return;
  ::rmdir(path.c_str());
  Result<UniqueFd> tmp = Open("/tmp", O_RDONLY | O_DIRECTORY);
  if (!tmp.ok() || ::lseek(errors_.get(), 0, SEEK_CUR) > 0) return;
  FixedText<64> name;
  name << "proot-" << pid_ << '-';
  DirectoryReader reader(tmp->get());
  DirectoryEntry entry;
  for (bool more = true; reader.Next(&entry, &more).ok() && more;) {
    if (StartsWith(entry.name, name.view()) && ::unlinkat(tmp->get(), entry.name, AT_REMOVEDIR) == 0) return;
  }
}

void Tracer::GiveUp() {
  socket_.Reset();
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

// Sends those that exec would have left open.
Errno Tracer::SendDescriptors() {
  for (int fd : descriptors_) {
    int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0 || fd >= limit_) continue;
    RELOC_TRY(SendTrace(socket_.get(), {TraceEvent::kDescriptor, fd}, fd));
  }
  return kOk;
}

Errno Tracer::SendStrings(char* const* argv, char* const* envp) {
  TraceMessage message{TraceEvent::kRun};
  size_t size = SizeOf(argv, &message.argc) + SizeOf(envp, &message.envc);
  char* memory = arena_->TakeArray<char>(size + 1);
  UniqueFd file(::memfd_create("argv", MFD_CLOEXEC));
  if (memory == nullptr) return Errno{ENOMEM};
  if (!file.valid()) return Errno::Last();
  TextBuffer text(memory, size + 1);
  CopyTexts(argv, &text);
  CopyTexts(envp, &text);
  RELOC_TRY(WriteAll(file.get(), text.view()));
  struct sigaction sigchld;
  if (::sigaction(SIGCHLD, nullptr, &sigchld) != 0) return Errno::Last();
  message.signal_mask = signal_mask_;
  message.ignores_sigchld = sigchld.sa_handler == SIG_IGN;
  return SendTrace(socket_.get(), message, file.get());
}

// Passes on signals that came before the program had a process. There all are blocked still, so that one that
// the terminal has sent to both is pending only once.
void Tracer::HandOverSignals() const {
  const sigset_t all = EverySignal();
  struct timespec at_once = {};
  for (int signal; (signal = ::sigtimedwait(&all, nullptr, &at_once)) > 0;) ::kill(program_, signal);
}

Errno Tracer::Run(char* const* argv, char* const* envp) {
  Errno error = RunTraced(argv, envp);
  GiveUp();
  SetSignalMask(signal_mask_);
  return error;
}

// Returns only if the program was not executed.
Errno Tracer::RunTraced(char* const* argv, char* const* envp) {
  HandOverSignals();
  RELOC_TRY(SendStrings(argv, envp));
  TraceMessage message{};
  RELOC_TRY(ReceiveTrace(socket_.get(), &message));
  if (message.event == TraceEvent::kExecFailed) return Errno{message.value};
  int keep[] = {socket_.get()};
  // Cannot fail if listing worked before.
  (void)CloseAllDescriptorsBut(keep, arena_).ok();
  ActForProgram({std::move(socket_), pid_, program_});
}

}  // namespace reloc
