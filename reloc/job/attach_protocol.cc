#include "reloc/job/attach_protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

namespace reloc {
namespace {

constexpr uint8_t kVersion = 1;

struct Header {
  uint8_t version;
  uint8_t event;
  uint16_t reserved;  // 0
  int32_t value;
  uint16_t rows;
  uint16_t columns;
};
static_assert(sizeof(Header) == 12);

}  // namespace

std::string_view EncodeAttach(const AttachMessage& message, std::span<char> memory) {
  Header header{
      kVersion,           static_cast<uint8_t>(message.event), 0, message.value, message.size.ws_row,
      message.size.ws_col};
  size_t size = message.bytes.size() < kMaxAttachBytes ? message.bytes.size() : kMaxAttachBytes;
  memcpy(memory.data(), &header, sizeof header);
  if (size > 0) memcpy(memory.data() + sizeof header, message.bytes.data(), size);
  return {memory.data(), sizeof header + size};
}

bool DecodeAttach(std::string_view packet, AttachMessage* message) {
  Header header;
  if (packet.size() < sizeof header || packet.size() > sizeof header + kMaxAttachBytes) return false;
  memcpy(&header, packet.data(), sizeof header);
  if (header.version != kVersion) return false;
  message->event = static_cast<AttachEvent>(header.event);
  message->value = header.value;
  message->size = {};
  message->size.ws_row = header.rows;
  message->size.ws_col = header.columns;
  message->bytes = packet.substr(sizeof header);
  return true;
}

Errno SendAttach(int socket, const AttachMessage& message) {
  char memory[kMaxAttachBytes + 16];
  std::string_view packet = EncodeAttach(message, memory);
  ssize_t sent;
  do {
    sent = ::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? Errno::Last() : kOk;
}

Errno ReceiveAttach(int socket, std::span<char> memory, AttachMessage* message) {
  ssize_t size;
  do {
    size = ::recv(socket, memory.data(), memory.size(), 0);
    // ECONNRESET: the peer closed without reading everything. It is reported once, before what the peer has
    // sent.
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
  if (size < 0) return Errno::Last();
  if (size == 0) return Errno{EPIPE};
  return DecodeAttach({memory.data(), static_cast<size_t>(size)}, message) ? kOk : Errno{EPROTO};
}

}  // namespace reloc
