// The messages between a launcher and the clients of its job: SEQPACKET, one message at a time.
//
//   relocctl -> launcher   kAttach (first), kInput, kInputEnd, kResize, kSignal, kContinue
//   launcher -> relocctl   kWelcome, kOutput, kInputTaken, kLaunched, kNotLaunched, kStopped, kEnded, kContinued
//
// A launcher may be older than the relocctl that attaches: the header never changes, unknown events are
// ignored, and a launcher refuses another version by closing the connection.
#pragma once

#include <stdint.h>
#include <sys/ioctl.h>

#include <span>
#include <string_view>

#include "reloc/base/result.h"

namespace reloc {

enum class AttachEvent : uint8_t {
  kAttach = 1,    // size; value: 1 if in the foreground of its terminal
  kInput = 2,     // bytes, at most kMaxInput of them unacknowledged
  kInputEnd = 3,  // no more input will follow
  kResize = 4,    // size
  kSignal = 5,    // value: the signal, for the job. For its terminal's foreground, if it has one: kKeySignal
  kKeySignal = 6,
  kContinue = 7,  // value as for kAttach; continues the job if it is stopped

  kWelcome = 32,      // value: AttachFlags
  kOutput = 33,       // bytes
  kInputTaken = 34,   // value: how many bytes of input the job's terminal has taken
  kLaunched = 35,     // the program was executed
  kNotLaunched = 36,  // value: exit status; the error was printed
  kStopped = 37,      // value: the signal
  kEnded = 38,        // value: wait status
  kContinued = 39,    // a kContinue arrived: the stops reported before it are over
};

// What the job has, and what this launcher supports that older ones do not.
enum AttachFlags : int32_t { kHasTerminal = 1, kHasOutput = 2, kReportsContinued = 4 };

inline constexpr size_t kMaxAttachBytes = 16 * 1024;  // of a message
inline constexpr size_t kMaxInput = 64 * 1024;

struct AttachMessage {
  AttachEvent event{};
  int32_t value = 0;
  struct winsize size = {};     // only rows and columns are sent
  std::string_view bytes = {};  // at most kMaxAttachBytes
};

// Encodes the message into `memory` of kMaxAttachBytes + 16 bytes.
std::string_view EncodeAttach(const AttachMessage& message, std::span<char> memory);
// Returns false if it is no message, or of another version. The bytes point into `packet`.
bool DecodeAttach(std::string_view packet, AttachMessage* message);

// Sends a message. Errors of sendmsg(2). EAGAIN: `socket` does not block, or has a timeout, and the peer does
// not read.
Errno SendAttach(int socket, const AttachMessage& message);
// Receives into `memory`, as large as for EncodeAttach(). EPIPE: the peer has closed; EPROTO: it sent an
// invalid message.
Errno ReceiveAttach(int socket, std::span<char> memory, AttachMessage* message);

}  // namespace reloc
