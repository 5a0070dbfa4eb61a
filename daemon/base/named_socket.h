// A Unix socket that clients find by its name in a directory.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/base/file.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class NamedSocket {
 public:
  // `type`: SOCK_STREAM or SOCK_SEQPACKET, which listens, or SOCK_DGRAM, whose messages tell who sent them
  // (Packet::sender). In the open directory `dir`, which must outlive it.
  NamedSocket(int dir, std::string name, int type) : dir_(dir), name_(std::move(name)), type_(type) {}
  // Removes the name, unless it is the service manager's, or someone else's by now.
  ~NamedSocket();
  NamedSocket(const NamedSocket&) = delete;
  NamedSocket& operator=(const NamedSocket&) = delete;

  // A new socket, non-blocking, that has the name, in place of what had it.
  absl::StatusOr<UniqueFd> Bind();
  // The name is that of a socket which the service manager has opened. False if there is nothing of that
  // name.
  bool TakeOver();

  // Before an end that nobody is to notice: no new client finds us, but the service manager's next daemon.
  void Hide();
  // It was not the end.
  void Show();
  // False if someone removed the name.
  bool IsInPlace() const { return HasName(name_); }

 private:
  bool HasName(const std::string& name) const;
  std::string TemporaryName() const;

  const int dir_;
  const std::string name_;
  const int type_;
  FileId id_;  // of what has the name
  bool is_ours_ = false;
};

}  // namespace reloc
