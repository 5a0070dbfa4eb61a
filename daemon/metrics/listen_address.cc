#include "daemon/metrics/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace reloc {
namespace {

template <typename Address>
ListenAddress Holding(const Address& address) {
  ListenAddress holding;
  memcpy(&holding.address, &address, sizeof address);
  holding.size = sizeof address;
  return holding;
}

bool ParsePort(absl::string_view text, in_port_t* port) {
  uint32_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number > 65535) return false;
  *port = htons(static_cast<in_port_t>(number));
  return true;
}

bool IsLoopback(const struct in_addr& address) { return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET; }

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text) {
  absl::string_view host = text;
  if (absl::ConsumePrefix(&host, "unix:/")) {
    ListenAddress named;
    named.socket_path = text.substr(strlen("unix:"));
    return named;
  }
  size_t colon = host.rfind(':');
  absl::string_view port = colon == host.npos ? "" : host.substr(colon + 1);
  host = host.substr(0, colon);
  struct sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  if (ParsePort(port, &v4.sin_port) && ::inet_pton(AF_INET, std::string(host).c_str(), &v4.sin_addr) == 1 &&
      IsLoopback(v4.sin_addr)) {
    return Holding(v4);
  }
  struct sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  if (ParsePort(port, &v6.sin6_port) && host == "[::1]") return Holding(v6);
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is neither 127.0.0.1:PORT nor [::1]:PORT nor unix:/PATH, which no other host reaches"));
}

std::string HostPort(const struct sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const struct sockaddr_in6*>(&address);
    ::inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    return absl::StrCat("[", host, "]:", ntohs(v6->sin6_port));
  }
  const auto* v4 = reinterpret_cast<const struct sockaddr_in*>(&address);
  ::inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
  return absl::StrCat(host, ":", ntohs(v4->sin_port));
}

}  // namespace reloc
