#include "daemon/keeper/root_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "daemon/keeper/root_build.h"
#include "reloc/base/file.h"
#include "reloc/ipc/packet.h"
#include "reloc/launch/namespaces.h"

namespace reloc {
namespace {

// Builds that hang (a dead file server) stay until the kernel lets go of them.
constexpr size_t kMaxBuilders = 64;

enum Source { kDaemon, kResults, kChildren, kSourceCount };

KeeperReply Reply(uint64_t build) {
  KeeperReply reply = {};
  reply.build = build;
  reply.fd = -1;
  return reply;
}

KeeperReply FailedReply(uint64_t build, const char* text) {
  KeeperReply reply = Reply(build);
  reply.failed = 1;
  snprintf(reply.text, sizeof reply.text, "%s", text);
  return reply;
}

KeeperReply FailedReply(uint64_t build, const Failure& failure) {
  FixedText<sizeof(KeeperReply::text)> line;
  failure.Describe(&line);
  return FailedReply(build, line.c_str());
}

Errno Send(int socket, const KeeperReply& reply, std::span<const int> fds = {}) {
  return SendPacket(socket, {reinterpret_cast<const char*>(&reply), sizeof reply}, fds);
}

void CloseAllBut(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  int first = 0;
  for (int fd : kept) {
    if (fd > first) ::close_range(static_cast<unsigned>(first), static_cast<unsigned>(fd) - 1, 0);
    first = std::max(first, fd + 1);
  }
  ::closefrom(first);
}

}  // namespace

bool RootKeeper::Open() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return false;
  results_.Reset(pair[0]);
  builder_socket_.Reset(pair[1]);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  children_.Reset(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  return children_.valid();
}

void RootKeeper::Run() {
  MakeUserNamespace();
  while (true) {
    std::vector<struct pollfd> sources = {
        {daemon_.get(), POLLIN, 0}, {results_.get(), POLLIN, 0}, {children_.get(), POLLIN, 0}};
    for (const auto& [fd, root] : roots_) {
      if (root.server.valid()) sources.push_back({root.server.get(), POLLIN, 0});
    }
    if (::poll(sources.data(), sources.size(), -1) < 0) continue;
    for (size_t i = kSourceCount; i < sources.size(); ++i) {
      if (sources[i].revents != 0) CheckServer(sources[i].fd);
    }
    ReportEndedServers();
    if (sources[kChildren].revents != 0) Reap();
    if (sources[kResults].revents != 0) ReadResult();
    if (sources[kDaemon].revents != 0 && !ReadDaemon()) return;
  }
}

void RootKeeper::MakeUserNamespace() {
  Fork(kUserNamespaceBuild, [](KeeperReply* reply, UniqueFd* ns, UniqueFd*) {
    const bool privileged = HasSysAdmin();
    Failure failure;
    if (!EnterSharedUserNamespace(&failure)) {
      *reply = FailedReply(reply->build, failure);
      return;
    }
    if (privileged) return;  // mounts are allowed as it is: roots need no user namespace
    Result<UniqueFd> own = reloc::Open("/proc/self/ns/user", O_RDONLY);
    if (!own.ok()) *reply = FailedReply(reply->build, "the user namespace cannot be opened");
    if (own.ok()) *ns = *std::move(own);
  });
}

// The server says nothing more: whatever comes is its end.
void RootKeeper::CheckServer(int server) {
  for (auto& [fd, root] : roots_) {
    if (root.server.get() != server) continue;
    root.server.Reset();
    root.unserved = true;
  }
}

// What relocd's queue does not take now is said the next time that something happens.
void RootKeeper::ReportEndedServers() {
  for (auto& [fd, root] : roots_) {
    KeeperReply reply = Reply(kServerEnded);
    reply.fd = fd;
    if (root.unserved && Send(daemon_.get(), reply).ok()) root.unserved = false;
  }
}

// Runs `work` in a child, which sends the reply that it leaves, the namespace, and an image's server's link.
template <typename Work>
void RootKeeper::Fork(uint64_t build, Work work) {
  if (builders_.size() >= kMaxBuilders) {
    // If it cannot be sent relocd is busy, and gives up waiting by itself.
    (void)Send(daemon_.get(), FailedReply(build, "too many roots are being made")).ok();
    return;
  }
  const pid_t keeper = ::getpid();
  pid_t pid = ::fork();
  if (pid < 0) {
    (void)Send(daemon_.get(), FailedReply(build, strerror(errno))).ok();
    return;
  }
  if (pid > 0) {
    builders_[pid] = {build};
    return;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != keeper) ::_exit(1);  // it ended before the line above
  KeeperReply reply = Reply(build);
  UniqueFd ns, server;
  work(&reply, &ns, &server);
  if (Result<FileId> id = Identify(ns.get()); id.ok()) reply.inode = id->inode;
  const int fds[] = {ns.get(), server.get()};
  const size_t count = !ns.valid() ? 0 : server.valid() ? 2 : 1;
  bool sent = Send(builder_socket_.get(), reply, {fds, count}).ok();
  ::_exit(sent ? 0 : 1);
}

// False when the daemon is gone.
bool RootKeeper::ReadDaemon() {
  alignas(KeeperRequest) char memory[sizeof(KeeperRequest) + kMaxReleased * sizeof(int32_t)];
  Packet packet;
  if (Errno e = ReceivePacket(daemon_.get(), memory, &packet); !e.ok()) return e.value == EAGAIN;
  if (packet.size < sizeof(KeeperRequest)) return false;
  KeeperRequest request;
  memcpy(&request, memory, sizeof request);
  std::span<const char> rest(memory + sizeof request, packet.size - sizeof request);
  switch (request.verb) {
    case KeeperVerb::kBuild:
      if (packet.fds.size() != 1 || packet.truncated) {
        // The receiver's descriptors ran out: the kernel drops them and says no more than that.
        (void)Send(daemon_.get(), FailedReply(request.build, "out of file descriptors")).ok();
      } else {
        Build(request.build, std::move(packet.fds[0]), std::string(rest.data(), rest.size()));
      }
      return true;
    case KeeperVerb::kAbandon:
      Abandon(request.build);
      return true;
    case KeeperVerb::kRelease:
      Release(rest);
      return true;
  }
  return false;
}

void RootKeeper::Build(uint64_t build, UniqueFd store, const std::string& prefix) {
  Fork(build, [&](KeeperReply* reply, UniqueFd* ns, UniqueFd* server) {
    const int user_ns = user_ns_.get();
    std::vector<int> kept = {builder_socket_.get(), store.get()};
    if (user_ns >= 0) kept.push_back(user_ns);
    // A builder that hangs must not pin the other roots.
    CloseAllBut(kept);
    Failure failure;
    if (!BuildRoot(user_ns, std::move(store), prefix, server, &failure)) {
      *reply = FailedReply(build, failure);
      return;
    }
    Result<UniqueFd> own = reloc::Open("/proc/self/ns/mnt", O_RDONLY);
    if (!own.ok()) *reply = FailedReply(build, "the namespace cannot be opened");
    if (own.ok()) *ns = *std::move(own);
  });
}

void RootKeeper::Abandon(uint64_t build) {
  for (auto& [pid, builder] : builders_) {
    if (builder.build != build) continue;
    builder.abandoned = true;
    ::kill(pid, SIGKILL);  // ours and not reaped: the pid cannot be another's
  }
}

void RootKeeper::Release(std::span<const char> numbers) {
  for (; numbers.size() >= sizeof(int32_t); numbers = numbers.subspan(sizeof(int32_t))) {
    int32_t fd;
    memcpy(&fd, numbers.data(), sizeof fd);
    roots_.erase(fd);
  }
}

// Takes one builder's reply. False if there is none.
bool RootKeeper::ReadResult() {
  KeeperReply reply;
  Packet packet;
  Errno e = ReceivePacket(results_.get(), {reinterpret_cast<char*>(&reply), sizeof reply}, &packet);
  if (!e.ok() || packet.size != sizeof reply) return false;
  if (packet.truncated) reply = FailedReply(reply.build, "out of file descriptors");
  TakeResult(reply, std::move(packet.fds[0]), std::move(packet.fds[1]));
  return true;
}

void RootKeeper::TakeResult(KeeperReply reply, UniqueFd ns, UniqueFd server) {
  bool wanted = false;
  for (auto& [pid, builder] : builders_) {
    if (builder.build != reply.build || builder.answered) continue;
    builder.answered = true;
    wanted = !builder.abandoned;
  }
  if (!wanted) return;
  reply.fd = ns.get();
  // A reply that cannot be sent: relocd stopped waiting long ago, or is gone.
  if (!Send(daemon_.get(), reply).ok() || !ns.valid()) return;
  if (reply.build == kUserNamespaceBuild) {
    user_ns_ = std::move(ns);
  } else {
    roots_[reply.fd] = {std::move(ns), std::move(server)};
  }
}

void RootKeeper::Reap() {
  struct signalfd_siginfo info;
  while (::read(children_.get(), &info, sizeof info) == sizeof info) {
  }
  std::vector<pid_t> ended;
  while (true) {
    pid_t pid = ::waitpid(-1, nullptr, WNOHANG);
    if (pid <= 0) break;
    ended.push_back(pid);
  }
  // What they sent before they ended is there by now.
  while (ReadResult()) {
  }
  for (pid_t pid : ended) {
    auto found = builders_.find(pid);
    if (found == builders_.end()) continue;
    if (!found->second.answered)
      TakeResult(FailedReply(found->second.build, "the builder was killed"), {}, {});
    builders_.erase(found);
  }
}

}  // namespace reloc
