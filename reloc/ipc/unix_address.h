// Names Unix sockets, and identifies the process at the other end of one: see unix(7).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "reloc/base/result.h"
#include "reloc/base/text.h"

namespace reloc {

class UnixAddress {
 public:
  // Names the socket `name` in the open directory `directory`, through /proc/self/fd: sun_path has 108 bytes,
  // and the path of a directory that was checked may lead to another one by now. `directory` must stay open
  // while this is used.
  UnixAddress(int directory, string_view name);
  // Names a socket as systemd does in $NOTIFY_SOCKET: by its path, or after '@' in the abstract namespace. Not valid()
  // if `text` does not fit.
  explicit UnixAddress(string_view text);

  bool valid() const { return size_ != 0; }
  const struct sockaddr* get() const { return reinterpret_cast<const struct sockaddr*>(&address_); }
  socklen_t size() const { return size_; }

 private:
  struct sockaddr_un address_ = {};
  socklen_t size_ = 0;
};

// Returns the process that connected to `socket`, or the one that listens where `socket` connected to. Ids
// are those of this process's namespaces. Errors of getsockopt(2).
Result<struct ucred> PeerOf(int socket);

// Returns whether the peer of `socket` is this process's user, or root.
bool IsPeerTrusted(int socket);

}  // namespace reloc
