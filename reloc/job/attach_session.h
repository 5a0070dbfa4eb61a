// The side of an attachment where the user sits: what is typed goes to the job, what the job writes is shown,
// and the terminal is raw in between.
//
// For the relocctl that a job was started with, the session stands for the job: it passes its signals on,
// stops and goes on with it, and is told how it ended.
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
  kLaunched,     // only if that alone was awaited
  kNotLaunched,  // value: exit status
  kEnded,        // value: wait status
  kDetached,     // by the keys
  kHungUp,       // the terminal went away
  kSignalled,    // value: the signal that ends this process
  kNothing,      // the job has no output that could be shown
  kLost,         // the launcher is gone
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
    kOwner,     // stands for the job
    kGuest,     // came later
  };

  // `terminal`, of the caller, is borrowed. For a guest the launcher tells `job_has_terminal`. All signals
  // must be blocked.
  AttachSession(UniqueFd socket, Role role, Terminal* terminal, bool job_has_terminal, DetachKeys keys);

  // The terminal is as it was before when it returns.
  Left Run();

 private:
  void Say(AttachEvent event, int value = 0);
  void Send(const AttachMessage& message);
  void Wait();
  bool reads_input() const;
  bool types() const { return terminal_->fd() == 0; }
  void HearLauncher();
  void Handle(const AttachMessage& message);
  void Launched();
  void HearSignals();
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
  bool told_of_continues_;                                          // by kContinued
  int continues_ = 0;                                               // sent and not yet answered
  bool foreground_ = true;                                          // as the launcher knows it
  short socket_events_ = 0, input_events_ = 0, output_events_ = 0;  // what came, as of poll(2)
  std::optional<Left> left_;
};

}  // namespace reloc
