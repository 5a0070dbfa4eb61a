// Those who are attached to a job, on its launcher's side.
//
// They get all of the job's output. As long as one of them has not taken what was sent, no more is read from
// the job, as with a terminal that does not keep up; but one that takes nothing for two seconds is given up,
// unless it is the patient one: the relocctl that the job was started with, whose output must be whole.
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
  AttachClient(UniqueFd socket, bool patient)
      : socket_(std::move(socket)), patient_(patient), attached_(patient) {}

  int socket() const { return socket_.get(); }
  bool gone() const { return !socket_.valid(); }
  void Close() { socket_.Reset(); }

  // It has said what terminal it has.
  bool attached() const { return attached_; }
  void set_attached() { attached_ = true; }

  // Sends in order; what cannot be sent at once waits.
  void Send(const AttachMessage& message);
  bool behind() const { return !waiting_.empty(); }
  void SendWaiting();
  // When it is given up (MonotonicMicros), or 0: not now.
  uint64_t deadline() const { return patient_ || waiting_.empty() ? 0 : stuck_since_ + kPatienceMicros; }

  uint64_t input = 0;  // bytes, not acknowledged

 private:
  static constexpr uint64_t kPatienceMicros = 2'000'000;
  bool SendPacket(std::string_view packet);

  UniqueFd socket_;
  bool patient_;
  bool attached_;
  std::deque<std::string> waiting_;
  uint64_t stuck_since_ = 0;
};

class AttachClients {
 public:
  using OnMessage = std::function<void(AttachClient*, const AttachMessage&)>;

  void Add(UniqueFd socket, bool patient) { clients_.emplace_back(std::move(socket), patient); }
  bool empty() const { return clients_.empty(); }
  size_t size() const { return clients_.size(); }
  bool AnyBehind() const;

  // To all that are attached.
  void Send(const AttachMessage& message);
  // Tells each how much of its input was taken, once it is much.
  void AcknowledgeInput();

  // Adds what is to be awaited, and lowers `*deadline` (MonotonicMicros; 0: none).
  void Watch(std::vector<struct pollfd>* events, uint64_t* deadline) const;
  // Sends and receives what can be, and forgets those that went or are given up.
  void Serve(const OnMessage& on_message);

 private:
  void Hear(AttachClient* client, const OnMessage& on_message);

  std::list<AttachClient> clients_;
};

}  // namespace reloc
