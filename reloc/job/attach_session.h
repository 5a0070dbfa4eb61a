// The user's end of an attachment: sends what is typed to the job, shows what the job writes, and keeps the
// terminal raw in between.
//
// For the relocctl that started the job, the session represents the job: it passes its signals on, stops and
// continues with it, and gets its wait status.
#pragma once

#include <sys/signalfd.h>

#include <optional>
#include <string>

#include "reloc/base/unique_fd.h"
#include "reloc/job/attach_protocol.h"
#include "reloc/job/detach_keys.h"
#include "reloc/job/screen_modes.h"
#include "reloc/job/terminal.h"

namespace reloc {

enum class Leave {
  kLaunched,     // only if the session waited for nothing more
  kNotLaunched,  // value: exit status
  kEnded,        // value: wait status
  kDetached,     // with the detach keys
  kHungUp,       // the terminal was closed
  kSignalled,    // value: the signal that ends this process
  kNothing,      // the job has no output that could be shown
  kLost,         // the launcher has ended
  kSilent,       // the launcher does not answer
};

struct Left {
  Leave how{};
  int value = 0;
};

class AttachSession {
 public:
  enum class Role {
    kLauncher,  // waits until the job is launched
    kOwner,     // represents the job
    kGuest,     // attached later
  };

  // `terminal`, of the caller, is borrowed. For a guest the launcher reports `job_has_terminal`. All signals
  // must be blocked.
  AttachSession(UniqueFd socket, Role role, Terminal* terminal, bool job_has_terminal, DetachKeys keys);

  // Runs the session. Restores the terminal before it returns.
  Left Run();

 private:
  void Say(AttachEvent event, int value = 0);
  void Send(const AttachMessage& message);
  void Wait();
  bool reads_input() const;
  bool types() const { return terminal_->fd() == 0; }
  void ReceiveFromLauncher();
  void Handle(const AttachMessage& message);
  void Launched();
  void HandleSignals();
  void HandleAsOwner(const struct signalfd_siginfo& info);
  void HandleAsGuest(const struct signalfd_siginfo& info);
  void Stopped(int signal);
  void Stop(int signal);
  void Resume();
  void ReadInput();
  void WriteOutput();
  void Finish(Leave how, int value = 0) {
    if (!left_) left_ = Left{how, value};
  }

  UniqueFd socket_;
  Role role_;
  Terminal* terminal_;
  bool job_has_terminal_;
  DetachKeys keys_;
  UniqueFd signals_;
  std::string output_;  // received and not yet written
  ScreenModes modes_;   // of what was written
  size_t input_ = 0;    // bytes sent and not yet taken by the job
  bool input_ended_ = false;
  bool launched_ = false;
  bool reports_continued_;                                          // with kContinued
  int continues_ = 0;                                               // sent and not yet answered
  bool foreground_ = true;                                          // as the launcher knows it
  short socket_events_ = 0, input_events_ = 0, output_events_ = 0;  // events returned by poll(2)
  std::optional<Left> left_;
};

}  // namespace reloc
