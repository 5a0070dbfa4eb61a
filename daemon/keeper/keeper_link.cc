#include "daemon/keeper/keeper_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/packet.h"
#include "reloc/base/file.h"
#include "reloc/base/text.h"
#include "reloc/fault/fault.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

constexpr absl::Duration kFirstReplyDeadline = absl::Seconds(10);
// Clients wait 100 ms; what takes longer still serves the next one. What takes this long hangs.
constexpr absl::Duration kBuildDeadline = absl::Seconds(5);

std::string Encode(KeeperVerb verb, uint64_t build, string_view payload, size_t count) {
  KeeperRequest request{verb, static_cast<uint32_t>(count), build};
  std::string bytes(reinterpret_cast<const char*>(&request), sizeof request);
  return bytes.append(payload);
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeeperLink>> KeeperLink::Create(EventLoop* loop, KeeperProcess keeper) {
  auto link = absl::WrapUnique(new KeeperLink(loop, std::move(keeper)));
  RELOC_RETURN_IF_ERROR(link->AwaitFirstReply());
  KeeperLink* self = link.get();
  RELOC_ASSIGN_OR_RETURN(link->deadline_, Timer::Create(loop, [self] { self->GiveUpOverdue(); }));
  RELOC_RETURN_IF_ERROR(link->Watch());
  return link;
}

KeeperLink::~KeeperLink() {
  if (!keeper_.socket.valid()) return;
  loop_->Forget(keeper_.socket.get());
  keeper_.socket.Reset();  // it ends now
  ::waitpid(keeper_.pid, nullptr, 0);
}

absl::Status KeeperLink::AwaitFirstReply() {
  struct pollfd readable = {keeper_.socket.get(), POLLIN, 0};
  int n;
  do {
    n = ::poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(kFirstReplyDeadline)));
  } while (n < 0 && errno == EINTR);
  if (n != 1) return absl::DeadlineExceededError("the keeper does not answer");
  if (!ReadReply()) return absl::InternalError("the keeper ended at its start");
  return absl::OkStatus();
}

absl::Status KeeperLink::Watch() {
  uint32_t events = EPOLLIN | (wants_write_ ? uint32_t{EPOLLOUT} : 0);
  loop_->Forget(keeper_.socket.get());
  return loop_->Watch(keeper_.socket.get(), events, [this](uint32_t e) { OnEvents(e); });
}

void KeeperLink::Make(UniqueFd store, const std::string& prefix, OnMade on_made) {
  if (!usable_.ok()) return on_made(usable_);
  if (prefix.size() > kMaxPrefixBytes) return on_made(absl::InvalidArgumentError("store prefix too long"));
  uint64_t build = next_build_++;
  int fd = store.get();
  Errno e = fault::Fails(fault::Point::kRootCreate)
                ? Errno::Last()
                : SendPacket(keeper_.socket.get(), Encode(KeeperVerb::kBuild, build, prefix, prefix.size()),
                             {&fd, 1});
  if (!e.ok()) return on_made(absl::ErrnoToStatus(e.value, "the keeper is busy"));
  pending_[build] = {std::move(on_made), MonotonicNow() + kBuildDeadline};
  ArmDeadline();
}

void KeeperLink::Release(std::span<const int32_t> fds) {
  releases_.insert(releases_.end(), fds.begin(), fds.end());
  SendReleases();
}

// What the keeper's queue does not take now is sent when there is room: a lost release would keep a root for
// ever.
void KeeperLink::SendReleases() {
  while (!releases_.empty() && keeper_.socket.valid()) {
    size_t count = std::min<size_t>(releases_.size(), kMaxReleased);
    string_view numbers(reinterpret_cast<const char*>(releases_.data()), count * sizeof(int32_t));
    if (!SendPacket(keeper_.socket.get(), Encode(KeeperVerb::kRelease, 0, numbers, count)).ok()) break;
    releases_.erase(releases_.begin(), releases_.begin() + static_cast<ptrdiff_t>(count));
  }
  bool wants_write = !releases_.empty() && keeper_.socket.valid();
  if (wants_write == wants_write_) return;
  wants_write_ = wants_write;
  if (keeper_.socket.valid() && !Watch().ok()) Die();
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
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !ReadReply()) Die();
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
  MadeRoot made{reply.fd, reply.inode};
  absl::Status failure = reply.failed == 0 ? absl::OkStatus() : absl::UnavailableError(reply.text);
  if (reply.build == kUserNamespaceBuild) {
    usable_ = failure;
    user_namespace_ = made;
  } else if (!failure.ok()) {
    Finish(reply.build, failure);
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

// Another keeper cannot be forked: gRPC may have threads. Jobs and `relocctl ps` go on; launches make their
// roots themselves until the daemon is restarted.
void KeeperLink::Die() {
  usable_ = absl::UnavailableError("the keeper of the roots died; restart with: relocctl daemon restart");
  loop_->Forget(keeper_.socket.get());
  keeper_.socket.Reset();
  ::waitpid(keeper_.pid, nullptr, WNOHANG);
  deadline_->Disarm();
  releases_.clear();
  auto pending = std::exchange(pending_, {});
  for (auto& [build, waiting] : pending) waiting.on_made(usable_);
  on_death_();
}

}  // namespace reloc
