#include "reloc/launch/tracer_link.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <span>
#include <utility>

#include "reloc/ipc/packet.h"

namespace reloc {

Errno SendTrace(int socket, const TraceMessage& message, int attached) {
  const string_view bytes(reinterpret_cast<const char*>(&message), sizeof message);
  return SendPacket(socket, bytes, std::span<const int>(&attached, attached >= 0 ? 1 : 0),
                    PacketWait::kForever);
}

Errno ReceiveTrace(int socket, TraceMessage* message, UniqueFd* attached) {
  Packet packet;
  const std::span<char> memory(reinterpret_cast<char*>(message), sizeof *message);
  Errno received = ReceivePacket(socket, memory, &packet, PacketWait::kForever);
  // The other end closed it, or was killed before it read our messages.
  if (received.value == ECONNRESET || (received.ok() && packet.size == 0)) return Errno{EPIPE};
  if (!received.ok()) return received;
  // Truncated: there was no free number for the descriptor.
  if (packet.size != sizeof *message || packet.truncated) return Errno{EMFILE};
  if (attached != nullptr) *attached = std::move(packet.fds[0]);  // invalid if there is none
  return kOk;
}

uint64_t SetSignalMask(uint64_t mask) {
  uint64_t before = 0;
  // Fails only for a wrong size or an unknown `how`.
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof mask);
  return before;
}

}  // namespace reloc
