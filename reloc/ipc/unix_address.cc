#include "reloc/ipc/unix_address.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

namespace reloc {

UnixAddress::UnixAddress(int directory, string_view name) : size_(sizeof address_) {
  address_.sun_family = AF_UNIX;
  TextBuffer(address_.sun_path, sizeof address_.sun_path) << "/proc/self/fd/" << directory << '/' << name;
}

UnixAddress::UnixAddress(string_view text) {
  if (text.size() < 2 || text.size() >= sizeof address_.sun_path) return;
  address_.sun_family = AF_UNIX;
  memcpy(address_.sun_path, text.data(), text.size());
  if (text[0] == '@') address_.sun_path[0] = '\0';
  size_ = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + text.size());
}

Result<struct ucred> PeerOf(int socket) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return Errno::Last();
  return peer;
}

bool IsPeerTrusted(int socket) {
  Result<struct ucred> peer = PeerOf(socket);
  return peer.ok() && (peer->uid == ::geteuid() || peer->uid == 0);
}

}  // namespace reloc
