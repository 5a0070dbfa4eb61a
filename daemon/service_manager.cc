#include "daemon/service_manager.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/numbers.h"
#include "reloc/base/path.h"
#include "reloc/ipc/unix_address.h"

namespace reloc {
namespace {

constexpr int kFirstFd = 3;  // SD_LISTEN_FDS_START
constexpr int kMaxFds = 64;

// The value of the variable `name`, which is no longer set then: what we start is not the manager's service.
std::string Take(const char* name) {
  const char* value = ::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

template <typename Number>
Number TakeNumber(const char* name) {
  Number number = 0;
  return absl::SimpleAtoi(Take(name), &number) ? number : 0;
}

int SocketOption(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool IsUnixListener(int fd) {
  return SocketOption(fd, SO_DOMAIN) == AF_UNIX && SocketOption(fd, SO_ACCEPTCONN) == 1;
}

std::string BoundTo(int fd) {
  struct sockaddr_un address = {};
  socklen_t size = sizeof address - 1;  // so that a NUL follows in any case
  if (::getsockname(fd, reinterpret_cast<struct sockaddr*>(&address), &size) != 0) return {};
  return size > offsetof(struct sockaddr_un, sun_path) ? address.sun_path : "";
}

}  // namespace

ServiceManager ServiceManager::FromEnvironment() {
  ServiceManager manager;
  manager.notify_socket_ = Take("NOTIFY_SOCKET");
  const auto listen_pid = TakeNumber<pid_t>("LISTEN_PID");
  const int count = TakeNumber<int>("LISTEN_FDS");
  Take("LISTEN_FDNAMES");
  // A unit has one name for all its sockets (systemd.socket(5)): they are told apart by their types.
  if (listen_pid == ::getpid()) manager.handed_over_ = std::clamp(count, 0, kMaxFds);
  manager.TakeSockets();
  const std::string watchdog_pid = Take("WATCHDOG_PID");
  const auto watchdog = TakeNumber<int64_t>("WATCHDOG_USEC");
  bool for_us = watchdog_pid.empty() || watchdog_pid == std::to_string(::getpid());
  if (for_us && watchdog > 0) manager.watchdog_ = absl::Microseconds(watchdog);
  return manager;
}

// What is no Unix socket that listens is closed.
void ServiceManager::TakeSockets() {
  for (int fd = kFirstFd; fd < kFirstFd + handed_over_; ++fd) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) continue;  // not even open
    UniqueFd socket(fd);
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || !IsUnixListener(fd) || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) continue;
    directory_ = DirName(BoundTo(fd));
    listeners_.push_back(std::move(socket));
  }
}

UniqueFd ServiceManager::TakeListener(int type) {
  for (UniqueFd& socket : listeners_) {
    if (socket.valid() && SocketOption(socket.get(), SO_TYPE) == type) return std::move(socket);
  }
  return {};
}

void ServiceManager::Notify(absl::string_view state) const {
  const UnixAddress address(notify_socket_);
  if (!address.valid()) return;
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return;
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, address.get(),
           address.size());
}

}  // namespace reloc
