#include "reloc/job/attach_clients.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>

#include "reloc/launch/launch_log.h"

namespace reloc {
namespace {

constexpr size_t kPacketBytes = kMaxAttachBytes + 16;
constexpr uint64_t kAcknowledgedAtOnce = 4096;
constexpr int kMessagesAtOnce = 16;  // then other events of the job are handled

}  // namespace

void AttachClient::Send(const AttachMessage& message) {
  char memory[kPacketBytes];
  std::string_view packet = EncodeAttach(message, memory);
  if (gone() || (waiting_.empty() && SendPacket(packet))) return;
  if (waiting_.empty()) stuck_since_ = MonotonicMicros();
  if (!gone()) waiting_.emplace_back(packet);
}

void AttachClient::SendWaiting() {
  while (!waiting_.empty() && SendPacket(waiting_.front())) {
    waiting_.pop_front();
    stuck_since_ = MonotonicMicros();
  }
}

// Returns false if it cannot be sent now, or ever.
bool AttachClient::SendPacket(std::string_view packet) {
  if (::send(socket(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
  if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) return false;
  waiting_.clear();
  Close();
  return false;
}

bool AttachClients::AnyBehind() const {
  return std::any_of(clients_.begin(), clients_.end(), [](const AttachClient& c) { return c.behind(); });
}

void AttachClients::Send(const AttachMessage& message) {
  for (AttachClient& client : clients_) {
    if (client.attached()) client.Send(message);
  }
}

void AttachClients::AcknowledgeInput() {
  for (AttachClient& client : clients_) {
    if (client.input < kAcknowledgedAtOnce) continue;
    client.Send({.event = AttachEvent::kInputTaken, .value = static_cast<int32_t>(client.input)});
    client.input = 0;
  }
}

void AttachClients::Watch(std::vector<struct pollfd>* events, uint64_t* deadline) const {
  for (const AttachClient& client : clients_) {
    events->push_back({client.socket(), static_cast<short>(client.behind() ? POLLIN | POLLOUT : POLLIN), 0});
    if (client.deadline() != 0 && (*deadline == 0 || client.deadline() < *deadline))
      *deadline = client.deadline();
  }
}

void AttachClients::Serve(const OnMessage& on_message) {
  uint64_t now = MonotonicMicros();
  for (AttachClient& client : clients_) {
    client.SendWaiting();
    ReceiveFrom(&client, on_message);
    if (client.deadline() != 0 && client.deadline() <= now) client.Close();
  }
  clients_.remove_if([](const AttachClient& client) { return client.gone(); });
}

void AttachClients::ReceiveFrom(AttachClient* client, const OnMessage& on_message) {
  char memory[kPacketBytes];
  AttachMessage message;
  for (int i = 0; i < kMessagesAtOnce && !client->gone(); ++i) {
    Errno e = ReceiveAttach(client->socket(), memory, &message);
    if (e.value == EAGAIN) return;
    e.ok() ? on_message(client, message) : client->Close();
  }
}

}  // namespace reloc
