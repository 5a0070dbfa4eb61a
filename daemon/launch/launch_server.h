// Serves launch.sock and start.sock: launches that want a root, and launches that tell that they happen.
//
// A client is a program that waits to start, so nothing here waits for anything, and every doubt is settled
// by saying no or by closing the connection: the client then makes its root itself. The number of clients is
// limited and silent ones are closed after a second, so that no crowd of idle connections keeps honest ones
// out.
#pragma once

#include <stdint.h>

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/listener.h"
#include "daemon/base/timer.h"
#include "daemon/jobs/job_table.h"
#include "daemon/keeper/keeper_link.h"
#include "daemon/mirrors/mirrors.h"
#include "daemon/roots/root_cache.h"
#include "reloc/ipc/packet.h"
#include "reloc/launch/wire.h"

namespace reloc {

class LaunchServer {
 public:
  // What it works with; all must outlive the server.
  struct Parts {
    EventLoop* loop;
    KeeperLink* keeper;
    RootCache* roots;
    JobTable* jobs;
    Mirrors* mirrors;
    std::function<void()> refresh_place;  // looks at "/" again, and drops the roots if it changed
    std::function<void()> on_idle;        // the last client went
    // A launch that asked has its answer after it waited so long.
    std::function<void(absl::Duration waited)> on_answer;
    // Has us hear what came by start.sock.
    std::function<void()> hear_starts;
    // A launch was told of in a version that we do not speak.
    std::function<void()> on_other_version;
    std::string output_dir;  // for what jobs with a launcher write
    uint64_t output_limit;   // bytes of each
  };

  static absl::StatusOr<std::unique_ptr<LaunchServer>> Create(Parts parts);
  ~LaunchServer();

  // A new client, of a user that was checked.
  void Add(Peer peer);
  // A launch that told of itself by start.sock.
  void Started(std::span<const char> bytes, pid_t pid, absl::StatusOr<UniqueFd> pidfd);
  size_t clients() const { return clients_.size(); }

 private:
  using ClientId = uint64_t;
  struct Client {
    Peer peer;
    absl::Duration accepted;  // BootTimeNow()
    absl::Duration heard;     // MonotonicNow()
    absl::Duration asked;     // MonotonicNow()
    uint16_t version = 0;     // the one that both speak; 0: none
    bool waiting = false;     // for a root that is being made: not silent, we are
    std::string reserved;     // the id of a job that it is about to start
    std::list<ClientId>::iterator place;
  };

  explicit LaunchServer(Parts parts) : parts_(std::move(parts)) {}
  Client* Find(ClientId id);
  void Close(ClientId id);
  void Heard(ClientId id, Client* client);
  void MakeRoom();
  void CloseSilent();

  void Read(ClientId id);
  bool ReadMessage(ClientId id);
  bool Handle(ClientId id, std::span<const char> bytes, Packet* packet);
  bool HandleOtherVersion(Client* client, MessageType type);
  bool HandleLaunch(ClientId id, const LaunchMessage& message, UniqueFd store);
  bool HandleWanted(const LaunchMessage& message);
  void HandleStarted(const LaunchMessage& message, pid_t pid, absl::StatusOr<UniqueFd> pidfd);
  absl::Status Watch(const LaunchMessage& message, pid_t pid, UniqueFd pidfd);
  bool HandleReserve(Client* client, const ReserveMessage& message);
  bool HandleJob(Client* client, const JobMessage& message);
  absl::StatusOr<UniqueFd> OpenPeer(const Client& client) const;
  absl::Status CheckLaunch(const LaunchMessage& message, int store) const;
  bool SamePlace(const CallerContext& caller);
  void SendRoot(ClientId id, const std::string& program, absl::StatusOr<RootLease> root);
  absl::Status SendPlan(Client* client, const std::string& program, const Root& root);
  bool SendMaking(Client* client);
  Errno Send(Client* client, const ReplyMessage& reply, std::span<const int> fds);
  Errno SendBytes(const Client& client, string_view encoded, std::span<const int> fds);
  bool Answer(Client* client, const absl::Status& done);
  bool Refuse(Client* client, Reason reason, absl::string_view text);

  Parts parts_;
  // One message at a time. Not cleared: what is never used takes no memory.
  std::unique_ptr<char[]> received_ = std::make_unique_for_overwrite<char[]>(kMaxMessageBytes);
  std::unique_ptr<char[]> sent_ = std::make_unique_for_overwrite<char[]>(kMaxMessageBytes);
  absl::flat_hash_map<ClientId, Client> clients_;
  std::list<ClientId> by_age_;  // heard of longest ago first
  ClientId next_id_ = 1;
  std::unique_ptr<Timer> silence_;
};

}  // namespace reloc
