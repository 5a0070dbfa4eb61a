#include "reloc/job/attach_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "reloc/base/file.h"
#include "reloc/launch/signals.h"

namespace reloc {
namespace {

// A launcher reads its messages at once, unless it is stopped.
constexpr struct timeval kSendTimeout = {2, 0};
constexpr int kWelcomeMillis = 2500;
// So many bytes do not block after POLLOUT: a pipe takes 4096, a terminal about as many.
constexpr size_t kWrittenAtOnce = 2048;

void TakePending(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  const struct timespec at_once = {};
  (void)::sigtimedwait(&set, nullptr, &at_once);
}

bool IsIgnoredByDefault(int signal) { return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH; }

}  // namespace

AttachSession::AttachSession(UniqueFd socket, Role role, Terminal* terminal, bool job_has_terminal,
                             DetachKeys keys)
    : socket_(std::move(socket)),
      role_(role),
      terminal_(terminal),
      job_has_terminal_(job_has_terminal),
      keys_(std::move(keys)),
      reports_continued_(role == Role::kOwner) {
  const sigset_t all = EverySignal();
  signals_.Reset(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  foreground_ = !terminal_->valid() || terminal_->InForeground();
}

Left AttachSession::Run() {
  if (role_ == Role::kGuest) Say(AttachEvent::kAttach, foreground_);
  while (!left_) {
    Wait();
    HandleSignals();
    if (input_events_ != 0 && !left_) ReadInput();
    if (output_events_ != 0) WriteOutput();
    if (socket_events_ != 0 && output_.empty() && !left_) ReceiveFromLauncher();
    // It was brought to the foreground while it ran: no signal reports that.
    if (launched_ && job_has_terminal_ && types() && !foreground_ && terminal_->InForeground()) Resume();
  }
  std::string leave = modes_.Leave();
  if (left_->how != Leave::kHungUp) (void)WriteAll(STDOUT_FILENO, leave).ok();
  terminal_->Restore();
  return *left_;
}

void AttachSession::Say(AttachEvent event, int value) {
  AttachMessage message{.event = event, .value = value, .size = terminal_->ReadSize()};
  Send(message);
}

// Sends a message. A launcher that has closed has sent the reason before, which is still to be read.
void AttachSession::Send(const AttachMessage& message) {
  Errno sent = SendAttach(socket_.get(), message);
  if (!sent.ok() && sent.value != EPIPE && sent.value != ECONNRESET) Finish(Leave::kLost);
}

bool AttachSession::reads_input() const {
  return launched_ && job_has_terminal_ && !input_ended_ && input_ < kMaxInput &&
         (!types() || terminal_->raw());
}

void AttachSession::Wait() {
  struct pollfd events[] = {{signals_.get(), POLLIN, 0},
                            {output_.empty() ? socket_.get() : -1, POLLIN, 0},
                            {reads_input() ? STDIN_FILENO : -1, POLLIN, 0},
                            {output_.empty() ? -1 : STDOUT_FILENO, POLLOUT, 0}};
  // A launcher welcomes a guest at once, unless it is stopped or its disk hangs.
  const bool awaits_welcome = role_ == Role::kGuest && !launched_;
  const int ready = ::poll(events, std::size(events), awaits_welcome ? kWelcomeMillis : -1);
  if (ready == 0) Finish(Leave::kSilent);
  socket_events_ = events[1].revents;
  input_events_ = events[2].revents;
  output_events_ = events[3].revents;
}

void AttachSession::ReceiveFromLauncher() {
  char memory[kMaxAttachBytes + 16];
  AttachMessage message;
  ReceiveAttach(socket_.get(), memory, &message).ok() ? Handle(message) : Finish(Leave::kLost);
}

void AttachSession::Handle(const AttachMessage& message) {
  switch (message.event) {
    case AttachEvent::kWelcome:
      job_has_terminal_ = (message.value & kHasTerminal) != 0;
      reports_continued_ = (message.value & kReportsContinued) != 0;
      if ((message.value & (kHasTerminal | kHasOutput)) == 0) Finish(Leave::kNothing);
      return Launched();
    case AttachEvent::kLaunched:
      return role_ == Role::kLauncher ? Finish(Leave::kLaunched) : Launched();
    case AttachEvent::kNotLaunched:
      return Finish(Leave::kNotLaunched, message.value);
    case AttachEvent::kOutput:
      output_ = message.bytes;
      return WriteOutput();
    case AttachEvent::kInputTaken:
      input_ -= std::min<size_t>(input_, static_cast<size_t>(message.value));
      return;
    case AttachEvent::kStopped:
      return Stopped(message.value);
    case AttachEvent::kContinued:
      if (continues_ > 0) --continues_;
      return;
    case AttachEvent::kEnded:
      return Finish(Leave::kEnded, message.value);
    default:
      return;
  }
}

// Sets the terminal raw only now: an error before must be printed on an unchanged terminal.
void AttachSession::Launched() {
  launched_ = true;
  if (job_has_terminal_ && types() && terminal_->InForeground()) terminal_->SetRaw();
}

void AttachSession::HandleSignals() {
  struct signalfd_siginfo info;
  while (!left_ && ::read(signals_.get(), &info, sizeof info) == sizeof info) {
    // Caused by our own writing, where the reader has closed.
    if (info.ssi_signo == SIGPIPE && info.ssi_pid == static_cast<uint32_t>(::getpid())) continue;
    if (info.ssi_signo == SIGCHLD) {
      // The launcher, if it ends early; and children that the caller had before this program.
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
    } else if (terminal_->HungUp()) {
      Finish(Leave::kHungUp);
    } else if (info.ssi_signo == SIGCONT) {
      Resume();
    } else if (info.ssi_signo == SIGWINCH && job_has_terminal_) {
      Say(AttachEvent::kResize);
    } else {
      role_ == Role::kOwner ? HandleAsOwner(info) : HandleAsGuest(info);
    }
  }
}

// Signals that the terminal sends to the whole foreground have reached a job on the same terminal; a job with
// a terminal of its own gets the same from there. (Keys make signals here as long as the terminal is not
// raw.)
void AttachSession::HandleAsOwner(const struct signalfd_siginfo& info) {
  int signal = static_cast<int>(info.ssi_signo);
  if (!IsFromTerminal(info)) return Say(AttachEvent::kSignal, signal);
  if (job_has_terminal_ && signal != SIGTTIN && signal != SIGTTOU) Say(AttachEvent::kKeySignal, signal);
}

void AttachSession::HandleAsGuest(const struct signalfd_siginfo& info) {
  int signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) return Stop(signal);
  if (!IsIgnoredByDefault(signal)) Finish(Leave::kSignalled, signal);
}

void AttachSession::Stopped(int signal) {
  // A guest of a job without a terminal only watches.
  if (role_ == Role::kGuest && !job_has_terminal_) return;
  // Sent before the launcher knew that this process continued: stopping now would be stopping twice for one
  // reason.
  if (continues_ > 0) return;
  // The job read from its terminal, before the launcher knew that this is in the foreground again.
  bool wants_terminal = signal == SIGTTIN || signal == SIGTTOU;
  if (wants_terminal && job_has_terminal_ && !foreground_ && terminal_->InForeground()) return Resume();
  Stop(signal);
}

void AttachSession::Stop(int signal) {
  terminal_->Restore();
  TakeDefaultAction(signal);
  // The signal that continued this process must not be handled twice.
  TakePending(SIGCONT);
  Resume();
}

// Continues after a stop, in the foreground or in the background.
void AttachSession::Resume() {
  foreground_ = !terminal_->valid() || terminal_->InForeground();
  if (foreground_ && launched_ && job_has_terminal_ && types()) terminal_->SetRaw();
  if (job_has_terminal_) Say(AttachEvent::kResize);
  Say(AttachEvent::kContinue, foreground_);
  if (reports_continued_) ++continues_;
}

void AttachSession::ReadInput() {
  char bytes[4096];
  ssize_t size = ::read(STDIN_FILENO, bytes, sizeof bytes);
  if (size < 0 && errno == EINTR) return;
  if (size <= 0 && terminal_->HungUp()) return Finish(Leave::kHungUp);
  if (size <= 0) {
    input_ended_ = true;
    return Say(AttachEvent::kInputEnd);
  }
  std::string input = types() ? keys_.Take({bytes, static_cast<size_t>(size)})
                              : std::string(bytes, static_cast<size_t>(size));
  if (!input.empty()) {
    Send({.event = AttachEvent::kInput, .bytes = input});
    input_ += input.size();
  }
  if (keys_.found()) Finish(Leave::kDetached);
}

void AttachSession::WriteOutput() {
  if (output_.empty()) return;
  ssize_t size = ::write(STDOUT_FILENO, output_.data(), std::min(output_.size(), kWrittenAtOnce));
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (size < 0) {
    output_.clear();
    if (terminal_->HungUp()) return Finish(Leave::kHungUp);
    // The job itself would have got this signal.
    if (role_ == Role::kOwner) return Say(AttachEvent::kSignal, SIGPIPE);
    return Finish(Leave::kSignalled, SIGPIPE);
  }
  modes_.See(std::string_view(output_).substr(0, static_cast<size_t>(size)));
  output_.erase(0, static_cast<size_t>(size));
}

}  // namespace reloc
