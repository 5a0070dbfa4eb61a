#include "daemon/mirrors/mirror_probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/log.h"
#include "reloc/base/file.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"
#include "reloc/ipc/packet.h"
#include "reloc/pack/manifest.h"

namespace reloc {
namespace {

constexpr absl::Duration kInUse = absl::Minutes(1);  // since the last launch
constexpr absl::Duration kPause = absl::Seconds(1);
constexpr absl::Duration kPauseWithoutProcess = absl::Seconds(10);  // none could be started
constexpr absl::Duration kDeadline = absl::Milliseconds(800);
constexpr absl::Duration kDeathTakes = absl::Milliseconds(5);  // of one that does not hang
// A file system that comes and goes is not used until it has answered so often in time.
constexpr int kAnswersUntilUsed = 3;
// All mirrors are in one cache, and so on one file system: it need not be asked for each of very many.
constexpr size_t kMostPaths = 16;
constexpr size_t kMostBytes = kMostPaths * 4096;

// Asks what a launch asks: looks up, opens and reads. What the kernel remembers it answers itself, for
// launches as well, so that a local disk at rest is left at rest.
void LookAt(const std::string& path) {
  struct statfs state;
  (void)::statfs(path.c_str(), &state);
  if (DIR* directory = ::opendir(path.c_str()); directory != nullptr) {
    (void)::readdir(directory);
    ::closedir(directory);
  }
  char byte;
  Result<UniqueFd> file = Open(absl::StrCat(path, "/", kManifestPath).c_str(), O_RDONLY | O_NOFOLLOW);
  if (file.ok()) [[maybe_unused]]
    const ssize_t size = ::read(file->get(), &byte, 1);
}

}  // namespace

void MirrorProbeMain() {
  const UniqueFd socket = TakeParentSocket();
  ::prctl(PR_SET_NAME, "relocd-probe");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  std::string paths(kMostBytes, '\0');
  while (true) {
    const ssize_t size = ::recv(socket.get(), paths.data(), paths.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) ::_exit(0);
    const absl::string_view received(paths.data(), static_cast<size_t>(size));
    for (absl::string_view path : absl::StrSplit(received, '\0')) LookAt(std::string(path));
    if (!SendPacket(socket.get(), {"", 1}).ok()) ::_exit(0);
  }
}

absl::StatusOr<std::unique_ptr<MirrorProbe>> MirrorProbe::Create(EventLoop* loop, Listener listener) {
  auto probe = absl::WrapUnique(new MirrorProbe(loop, std::move(listener)));
  MirrorProbe* self = probe.get();
  RELOC_ASSIGN_OR_RETURN(probe->timer_, Timer::Create(loop, [self] { self->OnTime(); }));
  return probe;
}

MirrorProbe::~MirrorProbe() { End(); }

absl::Status MirrorProbe::Start() {
  RELOC_ASSIGN_OR_RETURN(process_, SpawnSelf(kMirrorProbeArgument, SOCK_SEQPACKET, &socket_));
  absl::Status watched = loop_->Watch(socket_.get(), EPOLLIN, [this](uint32_t) { OnReadable(); });
  if (watched.ok()) watched = loop_->Watch(process_.pidfd.get(), EPOLLIN, [this](uint32_t) { OnExit(); });
  if (!watched.ok()) End();
  return watched;
}

// One that hangs is left behind.
void MirrorProbe::End() {
  asked_ = false;
  if (process_.pid == 0) return;
  loop_->Forget(process_.pidfd.get());
  loop_->Forget(socket_.get());
  socket_.Reset();
  GiveUpChild(std::exchange(process_, {}), kDeathTakes);
}

absl::Status MirrorProbe::Watch(std::vector<std::string> paths) {
  if (paths.empty() && silent_) return absl::OkStatus();
  paths_ = std::move(paths);
  if (paths_.size() > kMostPaths) paths_.resize(kMostPaths);
  if (paths_.empty()) {
    timer_->Disarm();
    End();
  } else if (process_.pid == 0) {
    RELOC_RETURN_IF_ERROR(Start());
    used_at_ = MonotonicNow();
    Ask();
  }
  return absl::OkStatus();
}

void MirrorProbe::NoteUse() {
  used_at_ = MonotonicNow();
  if (!paths_.empty() && !asked_ && !timer_->armed()) OnTime();
}

// The queue has room: there is one question at a time.
void MirrorProbe::Ask() {
  std::string paths;
  for (const std::string& path : paths_) paths.append(path).push_back('\0');
  if (!paths.empty()) paths.pop_back();
  asked_ = SendPacket(socket_.get(), paths).ok();
  timer_->Arm(kDeadline);
}

void MirrorProbe::OnTime() {
  if (process_.pid == 0) {  // it was killed
    if (Start().ok()) return Ask();
    return timer_->Arm(kPauseWithoutProcess);
  }
  if (!asked_) return Ask();
  if (IsRunnable(process_.pid)) return timer_->Arm(kDeadline);  // it only gets no processor
  if (IsStopped(process_.pid)) {
    End();
    return timer_->Arm(absl::ZeroDuration());
  }
  in_time_ = 0;
  // Its answer wakes us.
  if (!std::exchange(silent_, true)) listener_.on_silence();
}

void MirrorProbe::OnReadable() {
  char byte;
  Packet packet;
  Errno e = ReceivePacket(socket_.get(), {&byte, 1}, &packet);
  if (e.value == EAGAIN) return;
  if (!e.ok() || packet.size == 0) return loop_->Forget(socket_.get());  // what comes now is its end
  const bool late = !timer_->armed();
  asked_ = false;
  ArmNext();
  if (!silent_ || late || ++in_time_ < kAnswersUntilUsed) return;
  silent_ = false;
  listener_.on_answer();
}

void MirrorProbe::ArmNext() {
  if (silent_ || MonotonicNow() - used_at_ < kInUse) return timer_->Arm(kPause);
  timer_->Disarm();
}

void MirrorProbe::OnExit() {
  End();
  ArmNext();
}

}  // namespace reloc
