// Where relocd may offer its metrics: on a loopback port, or on a Unix socket. Nothing that another host
// reaches.
#pragma once

#include <sys/socket.h>

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

struct ListenAddress {
  std::string socket_path;  // of a Unix socket; else empty, and a loopback address:
  struct sockaddr_storage address {};
  socklen_t size = 0;
};

// 127.0.0.1:PORT (any address of 127.0.0.0/8), [::1]:PORT or unix:/PATH; port 0 is a free one.
// InvalidArgument for all else.
absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text);

// How people and Prometheus write a loopback address: "127.0.0.1:9000".
std::string HostPort(const struct sockaddr_storage& address);

}  // namespace reloc
