#include "daemon/metrics/metrics_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/metrics/http.h"
#include "reloc/base/file.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr size_t kMaxClients = 16;
constexpr int kBacklog = 16;
constexpr absl::Duration kPatience = absl::Seconds(5);

// Our listener replaces what has its name: what a killed daemon left, but not a user's file.
absl::Status CheckReplaceable(int directory, const std::string& name, const std::string& path) {
  struct stat st;
  if (::fstatat(directory, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISSOCK(st.st_mode)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is there and is no socket; remove it, or choose another --metrics-listen"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Create(EventLoop* loop,
                                                                     const ListenAddress& address,
                                                                     std::function<std::string()> text) {
  auto server = absl::WrapUnique(new MetricsServer(loop, std::move(text)));
  MetricsServer* self = server.get();
  RELOC_ASSIGN_OR_RETURN(self->timer_, Timer::Create(loop, [self] { self->OnTime(); }));
  RELOC_RETURN_IF_ERROR(address.socket_path.empty() ? self->ListenOn(address)
                                                    : self->ListenAt(address.socket_path));
  return server;
}

MetricsServer::~MetricsServer() {
  if (port_.valid()) loop_->Forget(port_.get());
  for (Client& client : clients_) loop_->Forget(client.socket.get());
}

absl::Status MetricsServer::ListenAt(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);
  const std::string parent = path.substr(0, slash + 1);
  Result<UniqueFd> directory = Open(parent.c_str(), O_PATH | O_DIRECTORY);
  if (!directory.ok()) {
    return absl::ErrnoToStatus(directory.error().value, absl::StrCat("cannot open ", parent));
  }
  directory_ = *std::move(directory);
  RELOC_RETURN_IF_ERROR(CheckReplaceable(directory_.get(), name, path));
  RELOC_ASSIGN_OR_RETURN(socket_,
                         Listener::Open(loop_, {directory_.get(), name, SOCK_STREAM, true,
                                                [this](Peer peer) { Add(std::move(peer.socket)); }}));
  url_ = absl::StrCat("unix:", path);
  return absl::OkStatus();
}

absl::Status MetricsServer::ListenOn(const ListenAddress& address) {
  struct sockaddr_storage bound = address.address;
  auto* raw = reinterpret_cast<struct sockaddr*>(&bound);
  socklen_t size = sizeof bound;
  const int yes = 1;
  port_.Reset(::socket(bound.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // SO_REUSEADDR: a daemon that was just stopped has connections in TIME_WAIT on the port.
  bool listens = port_.valid() &&
                 ::setsockopt(port_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                 ::bind(port_.get(), raw, address.size) == 0 && ::listen(port_.get(), kBacklog) == 0 &&
                 ::getsockname(port_.get(), raw, &size) == 0;
  if (!listens) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot listen on ", HostPort(address.address)));
  }
  url_ = absl::StrCat("http://", HostPort(bound), "/metrics");
  return WatchPort();
}

absl::Status MetricsServer::WatchPort() {
  return loop_->Watch(port_.get(), EPOLLIN, [this](uint32_t) { Accept(); });
}

// One at a time: launches come between.
void MetricsServer::Accept() {
  UniqueFd socket(::accept4(port_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.valid()) return Add(std::move(socket));
  if (errno != EMFILE && errno != ENFILE) return;
  // Out of descriptors: the connection waits, and would wake us up until one is free.
  loop_->Forget(port_.get());
  paused_ = true;
  if (!timer_->armed()) timer_->Arm(kPatience);
}

void MetricsServer::Add(UniqueFd socket) {
  if (clients_.size() >= kMaxClients) return;
  ClientPlace client =
      clients_.insert(clients_.end(), {std::move(socket), MonotonicNow() + kPatience, {}, {}, 0});
  if (!timer_->armed()) timer_->Arm(kPatience);
  if (!Watch(client, EPOLLIN).ok()) clients_.erase(client);
}

absl::Status MetricsServer::Watch(ClientPlace client, uint32_t events) {
  const int socket = client->socket.get();
  loop_->Forget(socket);
  return loop_->Watch(socket, events, [this, client](uint32_t) { OnReady(client); });
}

// A client sends its request, gets the response, and goes. We do not go first: closing while it still sends
// would take the response away from it (RFC 9112, 9.6).
void MetricsServer::OnReady(ClientPlace client) {
  const bool sending = client->sent < client->response.size();
  bool goes_on = sending || Receive(&*client);
  if (goes_on && client->sent < client->response.size()) goes_on = Send(client);
  if (!goes_on) Close(client);
}

// False: it is gone.
bool MetricsServer::Receive(Client* client) {
  char bytes[2048];
  ssize_t size = ::recv(client->socket.get(), bytes, sizeof bytes, 0);
  if (size <= 0) return size < 0 && (errno == EAGAIN || errno == EINTR);
  if (!client->response.empty()) return true;  // what comes after the request is not read
  client->received.append(bytes, static_cast<size_t>(size));
  HttpRequest request = ParseHttpRequest(client->received);
  if (request.status != 0) {
    client->response = HttpResponse(request, request.status == 200 ? text_() : std::string());
  }
  return true;
}

// False: it is gone.
bool MetricsServer::Send(ClientPlace client) {
  const std::string& response = client->response;
  const int socket = client->socket.get();
  ssize_t sent = ::send(socket, response.data() + client->sent, response.size() - client->sent, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
  if (sent > 0) client->sent += static_cast<size_t>(sent);
  if (client->sent < response.size()) return Watch(client, EPOLLOUT).ok();
  return ::shutdown(socket, SHUT_WR) == 0 && Watch(client, EPOLLIN).ok();
}

void MetricsServer::Close(ClientPlace client) {
  loop_->Forget(client->socket.get());
  clients_.erase(client);
  if (clients_.empty() && !paused_) timer_->Disarm();
}

void MetricsServer::OnTime() {
  const absl::Duration now = MonotonicNow();
  while (!clients_.empty() && clients_.front().deadline <= now) Close(clients_.begin());
  if (!clients_.empty()) timer_->Arm(clients_.front().deadline - now);
  if (!paused_) return;
  paused_ = false;
  if (absl::Status watched = WatchPort(); !watched.ok()) LogWarning(watched.message());
}

}  // namespace reloc
