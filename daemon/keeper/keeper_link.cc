#include "daemon/keeper/keeper_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/child_process.h"
#include "daemon/base/log.h"
#include "reloc/base/file.h"
#include "reloc/base/text.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"
#include "reloc/ipc/packet.h"

namespace reloc {
namespace {

constexpr absl::Duration kFirstReplyDeadline = absl::Seconds(10);
constexpr absl::Duration kFirstReplyPatience = absl::Seconds(1);  // of relocd's start
constexpr absl::Duration kDeathTakes = absl::Milliseconds(200);
// Clients wait 100 ms; what takes longer still serves the next one. What takes this long hangs.
constexpr absl::Duration kBuildDeadline = absl::Seconds(5);
// One that lived so long is no worse than any other program that somebody killed.
constexpr absl::Duration kSteady = absl::Minutes(1);
constexpr absl::Duration kShortestPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Minutes(1);
constexpr char kDied[] = "the keeper of the roots died; another is started";
constexpr char kLinkFailed[] = "the link to the keeper of the roots failed; another keeper is started";

std::string Encode(KeeperVerb verb, uint64_t build, string_view payload, size_t count) {
  KeeperRequest request{verb, static_cast<uint32_t>(count), build};
  std::string bytes(reinterpret_cast<const char*>(&request), sizeof request);
  return bytes.append(payload);
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeeperLink>> KeeperLink::Create(EventLoop* loop, KeeperProcess keeper,
                                                               Start start) {
  auto link = absl::WrapUnique(new KeeperLink(loop, std::move(start)));
  KeeperLink* self = link.get();
  RELOC_ASSIGN_OR_RETURN(link->deadline_, Timer::Create(loop, [self] { self->GiveUpOverdue(); }));
  RELOC_ASSIGN_OR_RETURN(link->replace_, Timer::Create(loop, [self] { self->Replace(); }));
  RELOC_RETURN_IF_ERROR(link->Adopt(std::move(keeper)));
  RELOC_RETURN_IF_ERROR(link->AwaitFirstReply());
  return link;
}

KeeperLink::~KeeperLink() {
  if (keeper_.pid == 0) return;
  loop_->Forget(keeper_.socket.get());
  loop_->Forget(keeper_.pidfd.get());
  keeper_.socket.Reset();  // it ends now, unless it is stopped
  GiveUpChild({keeper_.pid, std::move(keeper_.pidfd)}, kDeathTakes);
}

// The keeper is there; it is usable when it has said so.
absl::Status KeeperLink::Adopt(KeeperProcess keeper) {
  keeper_ = std::move(keeper);
  started_ = MonotonicNow();
  usable_ = absl::UnavailableError("the keeper of the roots is being started");
  auto on_ready = [this](absl::StatusOr<MadeRoot> user_namespace) {
    usable_ = user_namespace.status();
    user_namespace_ = user_namespace.value_or(MadeRoot());
    on_change_();
  };
  pending_[kUserNamespaceBuild] = {on_ready, started_ + kFirstReplyDeadline};
  ArmDeadline();
  RELOC_RETURN_IF_ERROR(loop_->Watch(keeper_.pidfd.get(), EPOLLIN, [this](uint32_t) { OnExit(); }));
  return Watch();
}

// Most are ready at once, and then the first launches find roots. One that is late is awaited by the event
// loop.
absl::Status KeeperLink::AwaitFirstReply() {
  struct pollfd readable = {keeper_.socket.get(), POLLIN, 0};
  const absl::Duration deadline = MonotonicNow() + kFirstReplyPatience;
  int n;
  do {
    const absl::Duration left = std::max(absl::ZeroDuration(), deadline - MonotonicNow());
    n = ::poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(left)));
  } while (n < 0 && errno == EINTR);
  if (n == 1 && !ReadReply()) return absl::InternalError("the keeper ended at its start");
  return absl::OkStatus();
}

absl::Status KeeperLink::Watch() {
  uint32_t events = EPOLLIN | (wants_write_ ? uint32_t{EPOLLOUT} : 0);
  loop_->Forget(keeper_.socket.get());
  return loop_->Watch(keeper_.socket.get(), events, [this](uint32_t e) { OnEvents(e); });
}

void KeeperLink::Make(int store, const std::string& prefix, OnMade on_made) {
  if (!usable_.ok()) return on_made(usable_);
  if (prefix.size() > kMaxPrefixBytes) return on_made(absl::InvalidArgumentError("store prefix too long"));
  // For an image's root launches would wait until the deadline: they make their own at once.
  if (IsStopped(keeper_.pid)) {
    return on_made(absl::UnavailableError(
        absl::StrCat("the keeper of the roots is stopped; continue it: kill -CONT ", keeper_.pid)));
  }
  uint64_t build = next_build_++;
  Errno e = fault::Fails(fault::Point::kRootCreate)
                ? Errno::Last()
                : SendPacket(keeper_.socket.get(), Encode(KeeperVerb::kBuild, build, prefix, prefix.size()),
                             {&store, 1});
  if (!e.ok()) return on_made(absl::ErrnoToStatus(e.value, "the keeper is busy"));
  pending_[build] = {std::move(on_made), MonotonicNow() + kBuildDeadline};
  ArmDeadline();
}

void KeeperLink::Release(std::span<const int32_t> fds) {
  if (!keeper_.socket.valid()) return;  // they went with their keeper
  releases_.insert(releases_.end(), fds.begin(), fds.end());
  SendReleases();
}

// What the keeper's queue does not take now is sent when there is room: a lost release would keep a root for
// ever.
void KeeperLink::SendReleases() {
  while (!releases_.empty()) {
    size_t count = std::min<size_t>(releases_.size(), kMaxReleased);
    string_view numbers(reinterpret_cast<const char*>(releases_.data()), count * sizeof(int32_t));
    if (!SendPacket(keeper_.socket.get(), Encode(KeeperVerb::kRelease, 0, numbers, count)).ok()) break;
    releases_.erase(releases_.begin(), releases_.begin() + static_cast<ptrdiff_t>(count));
  }
  bool wants_write = !releases_.empty();
  if (wants_write == wants_write_) return;
  wants_write_ = wants_write;
  if (!Watch().ok()) Lose(absl::UnavailableError(kLinkFailed));
}

absl::StatusOr<UniqueFd> KeeperLink::OpenNamespace(const MadeRoot& ns) const {
  std::string path = absl::StrCat("/proc/", keeper_.pid, "/fd/", ns.fd);
  Result<UniqueFd> fd = fault::Fails(fault::Point::kRootOpen) ? Errno::Last() : Open(path.c_str(), O_RDONLY);
  Result<FileId> id = fd.ok() ? Identify(fd->get()) : Result<FileId>(fd.error());
  if (!id.ok()) return absl::ErrnoToStatus(id.error().value, "cannot open a namespace of the keeper's");
  if (id->inode != ns.inode) return absl::NotFoundError("the root is gone");
  return *std::move(fd);
}

void KeeperLink::OnEvents(uint32_t events) {
  if ((events & EPOLLOUT) != 0) SendReleases();
  bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && keeper_.socket.valid();
  if (readable && !ReadReply()) Lose(absl::UnavailableError(kDied));
}

// False when the keeper is gone.
bool KeeperLink::ReadReply() {
  KeeperReply reply;
  Packet packet;
  Errno e = ReceivePacket(keeper_.socket.get(), {reinterpret_cast<char*>(&reply), sizeof reply}, &packet);
  if (!e.ok()) return e.value == EAGAIN;
  if (packet.size != sizeof reply) return false;
  TakeReply(reply);
  return true;
}

void KeeperLink::TakeReply(const KeeperReply& reply) {
  if (reply.build == kServerEnded) return on_server_end_(reply.fd);
  MadeRoot made{reply.fd, reply.inode};
  if (reply.failed != 0) {
    Finish(reply.build, absl::UnavailableError(reply.text));
  } else if (pending_.contains(reply.build)) {
    Finish(reply.build, made);
  } else {
    Release({&made.fd, 1});  // it crossed our giving up
  }
}

void KeeperLink::Finish(uint64_t build, absl::StatusOr<MadeRoot> made) {
  auto node = pending_.extract(build);
  if (node.empty()) return;
  if (pending_.empty()) deadline_->Disarm();
  node.mapped().on_made(std::move(made));
}

void KeeperLink::GiveUpOverdue() {
  absl::Duration now = MonotonicNow();
  while (!pending_.empty() && pending_.begin()->second.deadline <= now) {
    uint64_t build = pending_.begin()->first;
    if (build == kUserNamespaceBuild) return Lose(absl::UnavailableError(kLinkFailed));
    // If the keeper does not hear it, the root is released when its reply comes.
    (void)SendPacket(keeper_.socket.get(), Encode(KeeperVerb::kAbandon, build, {}, 0)).ok();
    Finish(build,
           absl::DeadlineExceededError("the root could not be made in time: does a file system hang?"));
  }
  ArmDeadline();
}

void KeeperLink::ArmDeadline() {
  if (!pending_.empty() && !deadline_->armed()) {
    deadline_->Arm(pending_.begin()->second.deadline - MonotonicNow());
  }
}

// Nothing comes of this keeper any more.
void KeeperLink::Lose(absl::Status why) {
  usable_ = std::move(why);
  loop_->Close(std::move(keeper_.socket));
  ::kill(keeper_.pid, SIGKILL);  // ours and not waited for: the pid cannot be another's
  deadline_->Disarm();
  releases_.clear();
  wants_write_ = false;
  auto pending = std::exchange(pending_, {});
  pending.erase(kUserNamespaceBuild);
  for (auto& [build, waiting] : pending) waiting.on_made(usable_);
  on_change_();
}

void KeeperLink::OnExit() {
  if (keeper_.socket.valid()) Lose(absl::UnavailableError(kDied));
  loop_->Forget(keeper_.pidfd.get());
  GiveUpChild({std::exchange(keeper_.pid, 0), std::move(keeper_.pidfd)}, kDeathTakes);
  ReplaceLater();
}

void KeeperLink::ReplaceLater() {
  if (MonotonicNow() - started_ > kSteady) {
    pause_ = absl::ZeroDuration();
    complaint_.clear();
  }
  if (usable_.message() != complaint_) LogWarning(complaint_ = std::string(usable_.message()));
  replace_->Arm(pause_);
  pause_ = std::clamp(2 * pause_, kShortestPause, kLongestPause);
}

void KeeperLink::Replace() {
  absl::StatusOr<KeeperProcess> keeper = start_();
  if (keeper.ok()) {
    absl::Status adopted = Adopt(*std::move(keeper));
    if (adopted.ok()) return;
    Lose(std::move(adopted));
    return OnExit();
  }
  usable_ = absl::UnavailableError(absl::StrCat(keeper.status().message(), "; it is tried again"));
  ReplaceLater();
}

}  // namespace reloc
