#include "daemon/base/named_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "reloc/fault/fault.h"
#include "reloc/ipc/unix_address.h"

namespace reloc {
namespace {

// What waits while we are busy or stopped. A client that finds the queue full gets EAGAIN and goes its own
// way.
constexpr int kBacklog = 512;

constexpr int kSoPassPidfd = 76;  // SO_PASSPIDFD, Linux 6.5; Debian 12's headers are of 6.1

// Before anyone can send: what is sent without it does not tell.
bool AskForSenders(int socket) {
  const int on = 1;
  // An older kernel has none.
  (void)::setsockopt(socket, SOL_SOCKET, kSoPassPidfd, &on, sizeof on);
  return ::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0;
}

}  // namespace

NamedSocket::~NamedSocket() {
  if (!is_ours_) return;
  for (const std::string& name : {name_, TemporaryName()}) {
    if (HasName(name)) ::unlinkat(dir_, name.c_str(), 0);
  }
}

// Under a temporary name until it listens with the right mode: no client ever sees half of it, and what an
// earlier daemon left is replaced in one step.
absl::StatusOr<UniqueFd> NamedSocket::Bind() {
  const std::string temporary = TemporaryName();
  auto failed = [this](int error) {
    return absl::ErrnoToStatus(error, absl::StrCat("cannot listen on ", name_));
  };
  UniqueFd socket(fault::Fails(fault::Point::kSocketBind)
                      ? -1
                      : ::socket(AF_UNIX, type_ | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return failed(errno);
  const UnixAddress address(dir_, temporary);
  if (::unlinkat(dir_, temporary.c_str(), 0) != 0 && errno != ENOENT) return failed(errno);
  bool ready = (type_ != SOCK_DGRAM || AskForSenders(socket.get())) &&
               ::bind(socket.get(), address.get(), address.size()) == 0 &&
               ::fchmodat(dir_, temporary.c_str(), 0600, 0) == 0 &&
               (type_ == SOCK_DGRAM || ::listen(socket.get(), kBacklog) == 0);
  if (!ready) return failed(errno);
  Result<FileId> id = IdentifyAt(dir_, temporary.c_str());
  if (!id.ok()) return failed(id.error().value);
  if (::renameat(dir_, temporary.c_str(), dir_, name_.c_str()) != 0) return failed(errno);
  id_ = *id;
  is_ours_ = true;
  return socket;
}

bool NamedSocket::TakeOver() {
  Result<FileId> there = IdentifyAt(dir_, name_.c_str());
  if (there.ok()) id_ = *there;
  return there.ok();
}

void NamedSocket::Hide() {
  if (is_ours_ && HasName(name_)) ::renameat(dir_, name_.c_str(), dir_, TemporaryName().c_str());
}

void NamedSocket::Show() {
  if (is_ours_ && HasName(TemporaryName())) ::renameat(dir_, TemporaryName().c_str(), dir_, name_.c_str());
}

std::string NamedSocket::TemporaryName() const { return absl::StrCat(name_, ".new"); }

bool NamedSocket::HasName(const std::string& name) const {
  Result<FileId> there = IdentifyAt(dir_, name.c_str());
  return there.ok() && *there == id_;
}

}  // namespace reloc
