#include "daemon/control/control_server.h"

#include <errno.h>
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "daemon/log.h"
#include "reloc/fault/fault.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

constexpr size_t kMaxConnections = 256;  // many of which may watch events
constexpr int kMaxRequestBytes = 64 * 1024;
constexpr absl::Duration kLinger = absl::Seconds(3);
constexpr auto kCallsMayTake = std::chrono::milliseconds(500);  // when we stop
constexpr size_t kSpareDescriptors = 32;                        // gRPC takes eight at its start

// gRPC ends the process when it gets no descriptor, so it is only started, and only given work, while there
// are enough. RLIMIT_NOFILE says how many there may be, and nothing says how many there are, but trying.
bool DescriptorsLeft() {
  std::vector<UniqueFd> trial(kSpareDescriptors);
  for (UniqueFd& fd : trial) {
    fd.Reset(::open("/", O_PATH | O_CLOEXEC));
    if (!fd.valid()) return false;
  }
  return true;
}

}  // namespace

struct ControlServer::Running {
  std::unique_ptr<Mailbox> mailbox;
  std::vector<std::unique_ptr<Service>> services;
  std::unique_ptr<grpc::Server> server;
};

// Not on the event loop's thread: gRPC waits up to ten seconds for a poller of its own that has helped a
// write to its end (run_poller in its tcp_posix.cc).
void ControlServer::Discard(std::unique_ptr<Running> running) {
  auto discard = [last = running.release()] {
    delete last;
    ::malloc_trim(0);
  };
  try {
    std::thread(discard).detach();
  } catch (const std::system_error&) {
    discard();
  }
}

ControlServer::ControlServer(EventLoop* loop, std::vector<ServiceFactory> services,
                             std::function<void()> on_idle)
    : loop_(loop), services_(std::move(services)), on_idle_(std::move(on_idle)) {}

absl::StatusOr<std::unique_ptr<ControlServer>> ControlServer::Create(EventLoop* loop,
                                                                     std::vector<ServiceFactory> services,
                                                                     std::function<void()> on_idle) {
  auto server = absl::WrapUnique(new ControlServer(loop, std::move(services), std::move(on_idle)));
  ControlServer* self = server.get();
  RELOC_ASSIGN_OR_RETURN(self->linger_, Timer::Create(loop, [self] { self->Stop(); }));
  return server;
}

ControlServer::~ControlServer() {
  for (auto& [fd, watched] : watched_) loop_->Forget(fd);
  Stop();
}

void ControlServer::Add(Peer peer) {
  if (watched_.size() >= kMaxConnections) return LogWarning("too many control connections");
  if (!DescriptorsLeft()) return LogWarning("no descriptors left for a control connection");
  if (absl::Status started = Start(); !started.ok()) return LogError(started.message());
  UniqueFd copy(::fcntl(peer.socket.get(), F_DUPFD_CLOEXEC, 3));
  const int fd = copy.get();
  // Not EPOLLIN: what arrives is gRPC's.
  absl::Status watched = loop_->Watch(fd, EPOLLRDHUP, [this, fd](uint32_t) { OnHangup(fd); });
  if (!watched.ok()) return LogWarning(watched.message());
  watched_[fd] = std::move(copy);
  linger_->Disarm();
  grpc::AddInsecureChannelFromFd(running_->server.get(), peer.socket.Release());
}

void ControlServer::OnHangup(int fd) {
  loop_->Forget(fd);
  watched_.erase(fd);
  if (!watched_.empty()) return;
  linger_->Arm(kLinger);
  on_idle_();
}

absl::Status ControlServer::Start() {
  if (running_ != nullptr) return absl::OkStatus();
  if (fault::Fails(fault::Point::kControlStart)) return absl::ErrnoToStatus(errno, "cannot start gRPC");
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<Mailbox> mailbox, Mailbox::Create(loop_));
  auto running = std::make_unique<Running>();
  running->mailbox = std::move(mailbox);
  grpc::ServerBuilder builder;
  for (const ServiceFactory& make : services_) {
    running->services.push_back(make(running->mailbox.get()));
    builder.RegisterService(running->services.back()->grpc());
  }
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  // One user who looks at a few jobs: one queue and few threads do.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  running->server = builder.BuildAndStart();
  if (running->server == nullptr) return absl::InternalError("cannot start gRPC");
  running_ = std::move(running);
  return absl::OkStatus();
}

// gRPC cancels the calls that do not end in time, and waits for them: for one to a client that does not read,
// until its connection is cut.
void ControlServer::ShutDown(grpc::Server* server) {
  auto shut_down = [server] { server->Shutdown(std::chrono::system_clock::now() + kCallsMayTake); };
  if (watched_.empty()) return shut_down();
  std::future<void> done = std::async(std::launch::async, shut_down);
  if (done.wait_for(kCallsMayTake * 2) == std::future_status::ready) return;
  for (const auto& [fd, watched] : watched_) ::shutdown(fd, SHUT_RDWR);
}

void ControlServer::Stop() {
  if (running_ == nullptr) return;
  // First, so that no call waits for this thread, which now waits for the calls.
  running_->mailbox->Close();
  for (const auto& service : running_->services) service->Stop();
  ShutDown(running_->server.get());
  watched_.clear();
  running_->mailbox.reset();
  Discard(std::move(running_));
}

}  // namespace reloc
