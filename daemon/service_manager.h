// What relocd and the service manager that may have started it tell each other: sd_listen_fds(3),
// sd_notify(3), sd_watchdog_enabled(3). Without one, nothing here does anything.
//
// Not by libsystemd, which brings seven libraries into every start: docs/adr/0017-guest-of-the-host.md.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class ServiceManager {
 public:
  // Nobody: started by hand, or by relocctl.
  ServiceManager() = default;
  // Takes over the listening sockets, and takes the variables about all this out of the environment. Call it
  // once, before descriptors above 2 are closed.
  static ServiceManager FromEnvironment();

  // How many descriptors from 3 on are the manager's: LeaveCaller() keeps them.
  int handed_over() const { return handed_over_; }
  // The directory in which the sockets that were handed over lie; empty if there are none.
  const std::string& directory() const { return directory_; }
  // The listening Unix socket of `type` (SOCK_STREAM, SOCK_SEQPACKET), non-blocking; invalid if there is
  // none.
  UniqueFd TakeListener(int type);

  // Tells the manager "READY=1", "STATUS=...", several in lines. Never waits: what cannot be sent is dropped.
  void Notify(absl::string_view state) const;
  // How often the manager wants to hear WATCHDOG=1 at the latest; InfiniteDuration(): never.
  absl::Duration watchdog() const { return watchdog_; }

 private:
  void TakeSockets();

  int handed_over_ = 0;
  std::string directory_;
  std::vector<UniqueFd> listeners_;
  std::string notify_socket_;
  absl::Duration watchdog_ = absl::InfiniteDuration();
};

}  // namespace reloc
