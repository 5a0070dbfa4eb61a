// A launcher's work once its job runs: passes output on to the log and to attached clients, and input and
// signals to the job, adopts the job's orphans, and reports how the job ended.
//
// It runs until the job has ended and no process has the other end of its output: what the job left running
// in the background continues to write to the log. One thread, one poll(2).
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "reloc/base/unique_fd.h"
#include "reloc/job/attach_clients.h"
#include "reloc/job/output_log.h"
#include "reloc/job/replay.h"

namespace reloc {

// How relocd and others find the job; all empty for a job that no daemon knows.
struct JobPlace {
  std::string daemon_dir;
  std::string id;
  std::string output_file;  // empty: no output is kept
};

struct HostedJob {
  pid_t pid = -1;          // a child; if it has a terminal, the leader of its process group
  UniqueFd launched;       // from StartJob()
  UniqueFd output;         // the terminal's master, or a pipe; invalid: the job has its caller's
  UniqueFd terminal;       // the master's other end, if the output is a terminal's
  bool foreground = true;  // in that terminal
  UniqueFd client;         // the relocctl that started it
  UniqueFd listener;       // for clients that attach
  std::optional<OutputLog> log;
  JobPlace place;
};

class JobHost {
 public:
  // Must be created with all signals blocked.
  explicit JobHost(HostedJob job);

  // Returns when there is nothing left to do.
  void Run();

 private:
  bool done() const;
  void Wait();
  void HandleSignals();
  void HandleChildren();
  void ReadLaunchResult();
  bool ReadOutput();
  void Drain();
  void ReportEnd();
  void ForgetPlace();
  void RemovePlace();
  void Accept();
  void Handle(AttachClient* client, const AttachMessage& message);
  void Attach(AttachClient* client, const AttachMessage& message);
  void WriteInput();
  void EndInput();
  void Signal(int signal);
  void SignalForeground(int signal);
  void SetForeground(bool foreground);
  void Continue(bool foreground);
  void GiveUp();
  void HangUp();

  HostedJob job_;
  UniqueFd signals_;
  AttachClients clients_;
  Replay replay_;
  std::string input_;  // for the terminal
  bool has_terminal_;
  bool stopped_ = false;
  pid_t foreground_group_ = 0;  // of the terminal, while the job is kept in its background
  std::optional<int> ended_;    // wait status
  size_t drained_ = 0;          // bytes read after the end
  bool reported_ = false;
  bool launch_failed_ = false;
};

}  // namespace reloc
