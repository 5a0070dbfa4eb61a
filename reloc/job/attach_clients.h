// The clients that are attached to a job, as seen by its launcher.
//
// They get all of the job's output. As long as one of them has not received what was sent, no more is read
// from the job, as with a terminal that does not keep up. A client that receives nothing for two seconds is
// disconnected, except the owner: the relocctl that started the job, whose output must be
// complete.
#pragma once

#include <poll.h>
#include <stdint.h>

#include <deque>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "reloc/base/unique_fd.h"
#include "reloc/job/attach_protocol.h"

namespace reloc {

class AttachClient {
 public:
  AttachClient(UniqueFd socket, bool is_owner)
      : socket_(std::move(socket)), is_owner_(is_owner), attached_(is_owner) {}

  int socket() const { return socket_.get(); }
  bool gone() const { return !socket_.valid(); }
  void Close() { socket_.Reset(); }

  // Returns whether the client has sent its kAttach.
  bool attached() const { return attached_; }
  void set_attached() { attached_ = true; }

  // Sends in order; what cannot be sent at once is queued.
  void Send(const AttachMessage& message);
  bool behind() const { return !waiting_.empty(); }
  void SendWaiting();
  // Returns when it will be disconnected (MonotonicMicros), or 0 if not.
  uint64_t deadline() const { return is_owner_ || waiting_.empty() ? 0 : stuck_since_ + kTimeoutMicros; }

  uint64_t input = 0;  // bytes, not acknowledged

 private:
  static constexpr uint64_t kTimeoutMicros = 2'000'000;
  bool SendPacket(std::string_view packet);

  UniqueFd socket_;
  bool is_owner_;
  bool attached_;
  std::deque<std::string> waiting_;
  uint64_t stuck_since_ = 0;
};

class AttachClients {
 public:
  using OnMessage = std::function<void(AttachClient*, const AttachMessage&)>;

  void Add(UniqueFd socket, bool is_owner) { clients_.emplace_back(std::move(socket), is_owner); }
  bool empty() const { return clients_.empty(); }
  size_t size() const { return clients_.size(); }
  bool AnyBehind() const;

  // Sends to all clients that are attached.
  void Send(const AttachMessage& message);
  // Sends each client how much of its input was taken, once it is enough.
  void AcknowledgeInput();

  // Adds the events to wait for, and lowers `*deadline` (MonotonicMicros; 0: none).
  void Watch(std::vector<struct pollfd>* events, uint64_t* deadline) const;
  // Sends and receives what is possible, and removes clients that have closed or are disconnected.
  void Serve(const OnMessage& on_message);

 private:
  void ReceiveFrom(AttachClient* client, const OnMessage& on_message);

  std::list<AttachClient> clients_;
};

}  // namespace reloc
