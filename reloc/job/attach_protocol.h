// What a launcher and those who are attached to its job say to each other: SEQPACKET, one message at a time.
//
//   relocctl -> launcher   kAttach (first), kInput, kInputEnd, kResize, kSignal, kContinue
//   launcher -> relocctl   kWelcome, kOutput, kInputTaken, kLaunched, kNotLaunched, kStopped, kEnded,
//                          kContinued
//
// A launcher may be older than the relocctl that attaches: the header is the same for ever, unknown events
// are passed over, and another version is refused by hanging up.
#pragma once

#include <stdint.h>
#include <sys/ioctl.h>

#include <span>
#include <string_view>

#include "reloc/base/result.h"

namespace reloc {

enum class AttachEvent : uint8_t {
  kAttach = 1,    // size; value: 1 if in the foreground of its terminal
  kInput = 2,     // bytes, at most kMaxInput of them on their way
  kInputEnd = 3,  // no more input will come
  kResize = 4,    // size
  kSignal = 5,    // value: the signal, for the job. For the terminal's foreground if it has one: kKeySignal
  kKeySignal = 6,
  kContinue = 7,  // value as of kAttach; continues the job if it is stopped

  kWelcome = 32,      // value: AttachFlags
  kOutput = 33,       // bytes
  kInputTaken = 34,   // value: how many bytes of input the job's terminal has taken
  kLaunched = 35,     // the program was executed
  kNotLaunched = 36,  // value: exit status, the line about it was written
  kStopped = 37,      // value: the signal
  kEnded = 38,        // value: wait status
  kContinued = 39,    // a kContinue arrived: the stops that were told before are over
};

// What there is to attach to, and what this launcher knows that older ones did not.
enum AttachFlags : int32_t { kHasTerminal = 1, kHasOutput = 2, kTellsContinued = 4 };

inline constexpr size_t kMaxAttachBytes = 16 * 1024;  // of a message
inline constexpr size_t kMaxInput = 64 * 1024;

struct AttachMessage {
  AttachEvent event{};
  int32_t value = 0;
  struct winsize size = {};     // rows and columns alone cross the socket
  std::string_view bytes = {};  // at most kMaxAttachBytes
};

// The message as it crosses the socket, in `memory` of kMaxAttachBytes + 16 bytes.
std::string_view EncodeAttach(const AttachMessage& message, std::span<char> memory);
// False: it is no message, or of another version. The bytes point into `packet`.
bool DecodeAttach(std::string_view packet, AttachMessage* message);

// Errors of sendmsg(2). EAGAIN: `socket` does not block, or has a timeout, and the peer does not read.
Errno SendAttach(int socket, const AttachMessage& message);
// Receives into `memory`, as large as that of EncodeAttach(). EPIPE: the peer is gone; EPROTO: it says
// nonsense.
Errno ReceiveAttach(int socket, std::span<char> memory, AttachMessage* message);

}  // namespace reloc
