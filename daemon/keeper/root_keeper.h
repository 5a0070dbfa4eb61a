// What the keeper does: it makes roots in children, and holds their namespaces.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <map>
#include <span>
#include <string>

#include "daemon/keeper/protocol.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class RootKeeper {
 public:
  // `daemon`: the socket to relocd; protocol.h.
  explicit RootKeeper(UniqueFd daemon) : daemon_(std::move(daemon)) {}

  // False if the kernel gives no sockets.
  bool Open();
  // Serves until relocd is gone.
  void Run();

 private:
  struct Builder {
    uint64_t build;
    bool answered = false;
    bool abandoned = false;
  };
  struct Root {
    UniqueFd ns;
    UniqueFd server;        // of an image: hangs up when its server ends
    bool unserved = false;  // it has, and relocd does not know yet
  };

  template <typename Work>
  void Fork(uint64_t build, Work work);
  void MakeUserNamespace();
  bool ReadDaemon();
  void Build(uint64_t build, UniqueFd store, const std::string& prefix);
  void Abandon(uint64_t build);
  void Release(std::span<const char> numbers);
  bool ReadResult();
  void TakeResult(KeeperReply reply, UniqueFd ns, UniqueFd server);
  void CheckServer(int server);
  void ReportEndedServers();
  void Reap();

  UniqueFd daemon_;
  UniqueFd results_;         // replies from builders, with their namespaces
  UniqueFd builder_socket_;  // the other end, which they inherit
  UniqueFd children_;        // signalfd for SIGCHLD
  UniqueFd user_ns_;
  std::map<pid_t, Builder> builders_;
  std::map<int, Root> roots_;  // by the number of `ns`
};

}  // namespace reloc
