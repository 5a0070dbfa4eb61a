#include "daemon/base/frame.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <span>

#include "daemon/base/timer.h"

namespace reloc {
namespace {

constexpr uint32_t kMaxBytes = 256 << 20;

Errno Await(int socket, short events, absl::Duration deadline) {
  struct pollfd entry = {socket, events, 0};
  for (;;) {
    int timeout = -1;
    if (deadline != absl::InfiniteDuration()) {
      timeout = static_cast<int>(absl::ToInt64Milliseconds(deadline - MonotonicNow()));
      if (timeout <= 0) return Errno{ETIMEDOUT};
    }
    const int n = ::poll(&entry, 1, timeout);
    if (n > 0) return kOk;
    if (n == 0) return Errno{ETIMEDOUT};
    if (errno != EINTR) return Errno::Last();
  }
}

// Sends or receives with `transfer` until `size` bytes are done.
template <typename Transfer>
Errno All(int socket, short events, size_t size, absl::Duration deadline, Transfer transfer) {
  for (size_t done = 0; done < size;) {
    if (Errno e = Await(socket, events, deadline); !e.ok()) return e;
    const ssize_t n = transfer(done);
    if (n == 0) return Errno{EPIPE};
    if (n > 0) done += static_cast<size_t>(n);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return Errno::Last();
  }
  return kOk;
}

Errno Receive(int socket, std::span<char> memory, absl::Duration deadline) {
  return All(socket, POLLIN, memory.size(), deadline, [&](size_t done) {
    return ::recv(socket, memory.data() + done, memory.size() - done, MSG_DONTWAIT);
  });
}

}  // namespace

Errno SendFrame(int socket, absl::string_view bytes, absl::Duration deadline) {
  if (bytes.size() > kMaxBytes) return Errno{EMSGSIZE};
  const uint32_t size = static_cast<uint32_t>(bytes.size());
  std::string frame(reinterpret_cast<const char*>(&size), sizeof size);
  frame.append(bytes.data(), bytes.size());
  return All(socket, POLLOUT, frame.size(), deadline, [&](size_t done) {
    return ::send(socket, frame.data() + done, frame.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
  });
}

Errno ReceiveFrame(int socket, std::string* bytes, absl::Duration deadline) {
  char head[sizeof(uint32_t)];
  if (Errno e = Receive(socket, head, deadline); !e.ok()) return e;
  uint32_t size;
  memcpy(&size, head, sizeof size);
  if (size > kMaxBytes) return Errno{EMSGSIZE};
  bytes->resize(size);
  return Receive(socket, {bytes->data(), bytes->size()}, deadline);
}

}  // namespace reloc
