// Notices that the file system of the mirrors does not answer, and that it does again: ADR 0037.
//
// A process of relocd's own looks at the mirrors, every second for a minute after each launch that uses one.
// It may hang; relocd only waits for its answers. Without mirrors there is no such process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/child_process.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/timer.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// argv[1] of the process.
inline constexpr const char* kMirrorProbeArgument = "--mirror-probe";

// Looks at the paths that relocd sends, and exits when relocd closes the socket.
[[noreturn]] void MirrorProbeMain();

// relocd's end. For the event loop: never waits.
class MirrorProbe {
 public:
  struct Listener {
    std::function<void()> on_silence;  // the mirrors do not answer
    std::function<void()> on_answer;   // they do again
  };

  // `loop` must outlive the probe.
  static absl::StatusOr<std::unique_ptr<MirrorProbe>> Create(EventLoop* loop, Listener listener);
  ~MirrorProbe();
  MirrorProbe(const MirrorProbe&) = delete;
  MirrorProbe& operator=(const MirrorProbe&) = delete;

  // Looks at the directories `paths` from now on. While they do not answer, an empty list is ignored.
  absl::Status Watch(std::vector<std::string> paths);
  // A launch uses a mirror.
  void NoteUse();
  bool silent() const { return silent_; }

 private:
  MirrorProbe(EventLoop* loop, Listener listener) : loop_(loop), listener_(std::move(listener)) {}
  absl::Status Start();
  void End();
  void Ask();
  void OnTime();
  void OnReadable();
  void OnExit();
  void ArmNext();

  EventLoop* loop_;
  Listener listener_;
  // Until the next question, or the deadline of an answer. At rest it is not armed.
  std::unique_ptr<Timer> timer_;
  std::vector<std::string> paths_;
  ChildProcess process_;
  UniqueFd socket_;
  bool asked_ = false;   // the answer has not come
  bool silent_ = false;  // it came not in time
  int in_time_ = 0;      // answers since then
  absl::Duration used_at_ = -absl::InfiniteDuration();
};

}  // namespace reloc
