// Any bytes give a message or none, and are never read out of bounds; and a decoded message can be sent on
// unchanged.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "reloc/launch/wire.h"

namespace {

// Decodes `bytes` as a `Message`; if they are one, its encoding must be stable.
template <typename Message>
void CheckMessage(std::span<const char> bytes) {
  Message message;
  if (!reloc::Decode(bytes, &message)) return;
  std::vector<char> first(reloc::kMaxMessageBytes), second(reloc::kMaxMessageBytes);
  const reloc::string_view sent = reloc::Encode(message, first);
  if (sent.empty()) return;  // longer than we send
  Message again;
  if (!reloc::Decode({sent.data(), sent.size()}, &again)) std::abort();
  if (reloc::Encode(again, second) != sent) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> bytes(data, data + size);
  CheckMessage<reloc::LaunchMessage>(bytes);
  CheckMessage<reloc::ReplyMessage>(bytes);
  CheckMessage<reloc::ReserveMessage>(bytes);
  CheckMessage<reloc::ReservedMessage>(bytes);
  CheckMessage<reloc::JobMessage>(bytes);
  return 0;
}
