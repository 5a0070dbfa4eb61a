#include "reloc/job/job_host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "reloc/ipc/unix_address.h"
#include "reloc/job/job_files.h"
#include "reloc/job/job_process.h"
#include "reloc/job/reservation.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/signals.h"

namespace reloc {
namespace {

constexpr size_t kMaxClients = 16;
constexpr size_t kMaxWaitingInput = 1 << 20;  // of clients that exceed kMaxInput
// What is in a terminal or a pipe when the job ends is its output; what others write there later is not
// waited for.
constexpr size_t kMaxDrained = 1 << 20;

int WaitStatus(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
}

}  // namespace

JobHost::JobHost(HostedJob job) : job_(std::move(job)), has_terminal_(job_.terminal.valid()) {
  const sigset_t all = EverySignal();
  signals_.Reset(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  for (int fd : {job_.output.get(), job_.client.get()}) {
    if (fd >= 0) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  clients_.Add(std::move(job_.client), true);
  // In that case the launcher is in the foreground, as the leader of the terminal's session.
  if (has_terminal_ && !job_.foreground) foreground_group_ = job_.pid;
}

bool JobHost::done() const { return reported_ && !job_.output.valid() && !clients_.AnyBehind(); }

void JobHost::Run() {
  while (!done()) {
    Wait();
    ReadLaunchResult();
    HandleSignals();
    if (job_.listener.valid()) Accept();
    clients_.Serve([this](AttachClient* client, const AttachMessage& message) { Handle(client, message); });
    if (has_terminal_) WriteInput();
    if (job_.output.valid() && !clients_.AnyBehind()) ReadOutput();
    if (ended_ && !reported_) Drain();
    // The caller closed before the job was launched.
    if (clients_.empty() && job_.launched.valid()) GiveUp();
    // No client is attached and none can come: the terminal is closed, like a window.
    if (clients_.empty() && !job_.listener.valid() && !reported_ && has_terminal_) HangUp();
  }
}

void JobHost::Wait() {
  std::vector<struct pollfd> events = {{signals_.get(), POLLIN, 0}};
  if (job_.launched.valid()) events.push_back({job_.launched.get(), POLLIN, 0});
  if (job_.listener.valid()) events.push_back({job_.listener.get(), POLLIN, 0});
  short wanted = clients_.AnyBehind() ? 0 : POLLIN;
  if (!input_.empty()) wanted |= POLLOUT;
  // Left out if no event is wanted: the end of a pipe is always reported.
  if (job_.output.valid() && wanted != 0) events.push_back({job_.output.get(), wanted, 0});
  uint64_t deadline = 0;
  clients_.Watch(&events, &deadline);
  int timeout = -1;
  if (deadline != 0) {
    uint64_t now = MonotonicMicros();
    timeout = deadline > now ? static_cast<int>((deadline - now) / 1000 + 1) : 0;
  }
  (void)::poll(events.data(), events.size(), timeout);  // after an error everything is tried, too
}

void JobHost::HandleSignals() {
  struct signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    int signal = static_cast<int>(info.ssi_signo);
    // Sent to the launcher, these are meant for what it launched.
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT ||
        (signal == SIGHUP && info.ssi_code <= 0)) {
      Signal(signal);
    }
  }
  HandleChildren();
}

void JobHost::HandleChildren() {
  siginfo_t info = {};
  // Reaps adopted orphans of the job. The job itself remains a zombie until relocd knows how it ended,
  // because relocd may have no other way to find out.
  while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
    if (info.si_pid == job_.pid) {
      if (!ended_) ended_ = WaitStatus(info);
      break;
    }
    ::waitpid(info.si_pid, nullptr, WNOHANG);
    info = {};
  }
  if (reported_) return;
  info = {};
  while (::waitid(P_PID, static_cast<id_t>(job_.pid), &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
         info.si_pid != 0) {
    stopped_ = info.si_code != CLD_CONTINUED;
    if (stopped_) clients_.Send({.event = AttachEvent::kStopped, .value = info.si_status});
    info = {};
  }
}

void JobHost::ReadLaunchResult() {
  if (!job_.launched.valid()) return;
  struct pollfd event = {job_.launched.get(), POLLIN, 0};
  if (::poll(&event, 1, 0) != 1) return;
  unsigned char status = 0;
  launch_failed_ = ::read(job_.launched.get(), &status, 1) == 1;
  if (launch_failed_ && status == kNotBound) {
    launch_failed_ = false;
    return RemovePlace();
  }
  job_.launched.Reset();
  AttachEvent event_name = launch_failed_ ? AttachEvent::kNotLaunched : AttachEvent::kLaunched;
  clients_.Send({.event = event_name, .value = status});
}

// Returns false if there is nothing to read now.
bool JobHost::ReadOutput() {
  char bytes[kMaxAttachBytes];
  ssize_t size = ::read(job_.output.get(), bytes, sizeof bytes);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (size <= 0) {  // EIO: the terminal is open nowhere else any more
    job_.output.Reset();
    input_.clear();
    return false;
  }
  std::string_view output(bytes, static_cast<size_t>(size));
  replay_.Append(output);
  if (job_.log) job_.log->Append(output);
  clients_.Send({.event = AttachEvent::kOutput, .bytes = output});
  if (ended_) drained_ += output.size();
  return true;
}

// After the job has ended: reads its remaining output first.
void JobHost::Drain() {
  ReadLaunchResult();
  job_.terminal.Reset();
  while (job_.output.valid() && drained_ < kMaxDrained && !clients_.AnyBehind() && ReadOutput()) {
  }
  if (!job_.output.valid() || !clients_.AnyBehind()) ReportEnd();
}

void JobHost::ReportEnd() {
  clients_.Send({.event = AttachEvent::kEnded, .value = *ended_});
  reported_ = true;
  if (!job_.place.id.empty()) ForgetPlace();
  job_.listener.Reset();  // not earlier: while it is open, relocd waits for the launcher's report
  while (::waitpid(job_.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Reports how the job ended to the daemon, or to a file.
void JobHost::ForgetPlace() {
  const JobPlace& place = job_.place;
  bool is_known = ReportEnded(place.daemon_dir, place.id, *ended_, !launch_failed_).ok();
  Result<DaemonDirectory> dir = OpenDaemonDir(place.daemon_dir.c_str());
  if (!dir.ok()) return;
  if (is_known) {
    RemoveJobDir(dir->get(), place.id);
  } else if (absl::StatusOr<UniqueFd> job_dir = MakeJobDir(dir->get(), place.id); job_dir.ok()) {
    (void)::unlinkat(job_dir->get(), kAttachSocket, 0);
    (void)WriteJobStatus(job_dir->get(),
                         {.wait_status = *ended_, .ended_at = absl::Now(), .cpu_seconds = {}});
  }
  if (launch_failed_ && !place.output_file.empty()) (void)::unlink(place.output_file.c_str());
}

// Removes what is kept for a job that no daemon has taken: nobody could find it under its id.
void JobHost::RemovePlace() {
  job_.listener.Reset();
  job_.log.reset();
  if (!job_.place.output_file.empty()) (void)::unlink(job_.place.output_file.c_str());
  Result<DaemonDirectory> dir = OpenDaemonDir(job_.place.daemon_dir.c_str());
  if (dir.ok()) RemoveJobDir(dir->get(), job_.place.id);
  job_.place = {};
}

void JobHost::Accept() {
  while (true) {
    UniqueFd socket(::accept4(job_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) return;
    if (clients_.size() < kMaxClients && IsPeerTrusted(socket.get())) clients_.Add(std::move(socket), false);
  }
}

void JobHost::Handle(AttachClient* client, const AttachMessage& message) {
  switch (message.event) {
    case AttachEvent::kAttach:
      return Attach(client, message);
    case AttachEvent::kInput:
      client->input += message.bytes.size();
      if (input_.size() < kMaxWaitingInput) input_ += message.bytes;
      return;
    case AttachEvent::kInputEnd:
      return EndInput();
    case AttachEvent::kResize:
      if (has_terminal_) (void)::ioctl(job_.output.get(), TIOCSWINSZ, &message.size);
      return;
    case AttachEvent::kSignal:
      return Signal(message.value);
    case AttachEvent::kKeySignal:
      return has_terminal_ ? SignalForeground(message.value) : Signal(message.value);
    case AttachEvent::kContinue:
      Continue(message.value != 0);
      return client->Send({.event = AttachEvent::kContinued});
    default:
      return;
  }
}

void JobHost::Attach(AttachClient* client, const AttachMessage& message) {
  int flags = kReportsContinued | (has_terminal_ ? kHasTerminal : 0) | (job_.output.valid() ? kHasOutput : 0);
  client->Send({.event = AttachEvent::kWelcome, .value = flags});
  client->set_attached();
  std::string replay = has_terminal_ ? replay_.ForTerminal() : replay_.Text();
  for (std::string_view rest = replay; !rest.empty();
       rest.remove_prefix(std::min(rest.size(), kMaxAttachBytes))) {
    client->Send({.event = AttachEvent::kOutput, .bytes = rest.substr(0, kMaxAttachBytes)});
  }
  if (has_terminal_ && message.size.ws_row > 0) (void)::ioctl(job_.output.get(), TIOCSWINSZ, &message.size);
  Continue(message.value != 0);
  // A program that fills the screen redraws it, even if the size is unchanged.
  if (has_terminal_) SignalForeground(SIGWINCH);
}

void JobHost::WriteInput() {
  if (!job_.output.valid()) return;
  while (!input_.empty()) {
    ssize_t size = ::write(job_.output.get(), input_.data(), input_.size());
    if (size <= 0) return;  // full; a closed terminal is noticed when it is read
    input_.erase(0, static_cast<size_t>(size));
  }
  clients_.AcknowledgeInput();
}

// Does what ^D does: the first one ends an incomplete line, the second one the input.
void JobHost::EndInput() {
  struct termios modes;
  if (!has_terminal_ || ::tcgetattr(job_.output.get(), &modes) != 0 || (modes.c_lflag & ICANON) == 0) return;
  input_.append(2, static_cast<char>(modes.c_cc[VEOF]));
}

// As long as the job is not reaped, no other process has its pid.
void JobHost::Signal(int signal) {
  if (!reported_ && signal > 0 && signal <= SIGRTMAX) ::kill(job_.pid, signal);
}

void JobHost::SignalForeground(int signal) {
  pid_t group = foreground_group_ != 0 ? foreground_group_ : ::tcgetpgrp(job_.output.get());
  if (group > 0 && !reported_ && signal > 0 && signal <= SIGRTMAX) ::killpg(group, signal);
}

// Keeps a job whose relocctl is in the background of its terminal in the background of its own: it is then
// stopped when it reads, as it would be there.
void JobHost::SetForeground(bool foreground) {
  if (!has_terminal_ || !job_.output.valid() || foreground == (foreground_group_ == 0)) return;
  pid_t group = foreground ? foreground_group_ : ::tcgetpgrp(job_.output.get());
  foreground_group_ = foreground ? 0 : group;
  (void)::tcsetpgrp(job_.output.get(), foreground ? group : ::getpgrp());
}

void JobHost::Continue(bool foreground) {
  SetForeground(foreground);
  HandleChildren();  // its caller's shell may have continued it already
  if (!stopped_) return;
  stopped_ = false;
  has_terminal_ ? ::killpg(job_.pid, SIGCONT) : ::kill(job_.pid, SIGCONT);
}

void JobHost::GiveUp() {
  job_.launched.Reset();
  launch_failed_ = true;
  Signal(SIGKILL);
}

void JobHost::HangUp() {
  SetForeground(true);
  for (int signal : {SIGHUP, SIGCONT}) {
    SignalForeground(signal);
    Signal(signal);
  }
  job_.output.Reset();
  job_.terminal.Reset();
  has_terminal_ = false;
}

}  // namespace reloc
