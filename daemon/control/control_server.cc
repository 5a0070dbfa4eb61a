#include "daemon/control/control_server.h"

#include <errno.h>
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/room.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr size_t kMaxConnections = 256;  // many of which may watch events
constexpr int kMaxRequestBytes = 64 * 1024;
constexpr absl::Duration kLinger = absl::Seconds(3);
constexpr auto kCallsMayTake = std::chrono::milliseconds(500);  // when we stop
constexpr auto kPollerMayTake = std::chrono::seconds(11);       // gRPC's, which takes ten
// gRPC is only started, and only given work, while there is room for it.
constexpr size_t kSpareDescriptors = 32;  // it takes eight at its start
constexpr size_t kThreads = 16;           // it starts eleven on two processors; later ones it can do without

}  // namespace

struct ControlServer::Running {
  std::unique_ptr<Mailbox> mailbox;
  std::vector<std::unique_ptr<Service>> services;
  std::unique_ptr<grpc::Server> server;
};

// Ends gRPC on a thread of its own, since gRPC waits: for a handler as long as that takes, and up to ten seconds
// for a poller of its own that completes writes (run_poller in its tcp_posix.cc). It waits for that poller with a
// lock held that the start of the next server needs, and that server is started on the event loop's thread. So the
// last step waits until the poller has ended by itself.
struct ControlServer::Ending {
  // With what that owns: nothing of the event loop's.
  static void Run(std::unique_ptr<Running> last, std::shared_ptr<Ending> ending) {
    last->server->Shutdown(std::chrono::system_clock::now() + kCallsMayTake);
    ending->AwaitPoller();
    last.reset();
    ::malloc_trim(0);
    std::lock_guard lock(ending->mutex);
    ending->over = true;
    ending->changed.notify_all();
  }
  void AwaitPoller() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, kPollerMayTake, [this] { return at_once; });
  }
  // No server is started any more: there is no reason to wait for the poller.
  void EndAtOnce() {
    std::lock_guard lock(mutex);
    at_once = true;
    changed.notify_all();
  }
  bool Until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex);
    return changed.wait_until(lock, deadline, [this] { return over; });
  }

  std::mutex mutex;  // not Abseil's: see mailbox.h
  std::condition_variable changed;
  bool at_once = false;  // by mutex
  bool over = false;     // by mutex
};

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

bool ControlServer::End() {
  Stop();
  for (const auto& ending : endings_) ending->EndAtOnce();
  if (AllOver()) return true;
  // A call to a client that does not read ends when its connection is cut.
  for (const auto& [fd, watched] : watched_) ::shutdown(fd, SHUT_RDWR);
  return AllOver();
}

// Waits a moment.
bool ControlServer::AllOver() const {
  const auto deadline = std::chrono::steady_clock::now() + kCallsMayTake;
  return std::all_of(endings_.begin(), endings_.end(),
                     [&](const auto& ending) { return ending->Until(deadline); });
}

void ControlServer::Add(Peer peer) {
  if (watched_.size() >= kMaxConnections) return LogWarning("too many control connections");
  if (absl::Status room = CheckRoom(running_ == nullptr ? kThreads : 0, kSpareDescriptors); !room.ok())
    return LogWarning(absl::StrCat("a control connection is refused: ", room.message()));
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

void ControlServer::Stop() {
  if (running_ == nullptr) return;
  // First, so that no call waits for this thread.
  running_->mailbox->Close();
  for (const auto& service : running_->services) service->Stop();
  std::erase_if(endings_, [](const auto& ending) { return ending->Until({}); });
  auto ending = endings_.emplace_back(std::make_shared<Ending>());
  Running* last = running_.release();
  try {
    std::thread([last, ending] { Ending::Run(std::unique_ptr<Running>(last), ending); }).detach();
  } catch (const std::system_error& error) {
    // A limit on the user's processes. What is left there does nothing, and costs memory.
    LogWarning(absl::StrCat("gRPC is not stopped: ", error.what()));
  }
}

}  // namespace reloc
