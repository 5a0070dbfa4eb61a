// The launch protocol: one SEQPACKET message in each direction, over launch.sock.
//
//   shim  -> relocd   kLaunch    wants a root; carries the store directory, or an image, as an O_PATH descriptor
//   relocd -> shim    kReply     a plan and the descriptors of its namespaces, or why not
//   relocd -> shim    kMaking    the root of an image is being made: kReply follows
//   shim  -> relocd   kStarted   reports a launch that needed no answer; no answer
//   shim  -> relocd   kWanted    the engine that was requested by name lacks a mirror of the pack, or, with the
//                                reason kMirror, found one that it cannot use; no answer
//
// For jobs with a launcher (reloc/job/job_launcher.h) there are also:
//
//   relocctl -> relocd   kReserve    wants an id and a name for a job; reserved as long as it is connected
//   relocd -> relocctl   kReserved   the id and where to keep the output, or why not
//   job      -> relocd   kBind       this process is the job with that id: its kStarted will follow; kReply
//   launcher -> relocd   kEnded      the job with that id has ended; kReply
//   launcher -> relocd   kAbandoned  it has ended, and its program was never executed; kReply
//
// A message is a header, fixed fields and texts; little-endian. The header's layout is the same in all
// versions, past and future: a peer can always detect that it does not understand, and answer so. Version 0
// is never valid.
//
// A message must stay below the limit of a Unix socket (about 208 KB) while argv may be 2 MB: texts here are
// for display and are truncated.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <span>

#include "reloc/base/text.h"
#include "reloc/launch/caller.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/plan.h"

namespace reloc {

inline constexpr uint16_t kWireVersion = 1;     // the newest that this program speaks
inline constexpr uint16_t kWireVersionMin = 1;  // the oldest
inline constexpr size_t kMaxMessageBytes = 96 * 1024;
inline constexpr size_t kMaxArgvBytes = 4096;  // of argv, for display
inline constexpr int kReplyFds = 2;            // user namespace, mount namespace

enum class MessageType : uint16_t {
  kLaunch = 1,
  kReply = 2,
  kStarted = 3,
  kReserve = 4,
  kReserved = 5,
  kBind = 6,
  kEnded = 7,
  kAbandoned = 8,
  kWanted = 9,
  kMaking = 10,
};

struct WireHeader {
  char magic[4];         // "RLWR"
  uint16_t version_min;  // the sender's range; a reply names the version chosen from both
  uint16_t version_max;
  uint16_t type;
  uint16_t reserved;  // 0
  uint32_t size;      // of the whole message
};
static_assert(sizeof(WireHeader) == 16);

// kLaunch, kStarted and kWanted: the launch, for the root cache and for `ps`.
struct LaunchMessage {
  MessageType type = MessageType::kLaunch;
  Engine engine = Engine::kNone;  // wanted (kLaunch, kWanted), used (kStarted)
  Reason reason = Reason::kNone;  // kStarted: why it was not the first choice; kWanted: kMirror
  CallerContext caller;           // its namespaces: kLaunch only
  ProcessNamespaces mark;         // kStarted: those that the program will run in; zeros if they are no mark
  FileId store;                   // the pack's store directory, or the image
  PackDigest digest{};            // of the pack; for an image its version (pack_image.h)
  string_view prefix;             // store prefix; empty for an image, which is read only once it is mounted
  string_view pack;               // path of the pack
  string_view entry;              // its name for users: "sed"
  string_view program;            // path to execute, inside the root
  string_view argv;               // NUL-terminated arguments, truncated at kMaxArgvBytes
  string_view slurm_job;          // $SLURM_JOB_ID
};

// The answer to kLaunch. `reason` kNone: `plan` has an encoded plan and two descriptors are attached.
struct ReplyMessage {
  Reason reason = Reason::kNone;
  string_view text;  // for users, if refused
  string_view plan;
};

struct ReserveMessage {
  string_view name;  // given by the user; empty: the program's
};

// The answer to kReserve. `reason` kNone: granted.
struct ReservedMessage {
  Reason reason = Reason::kNone;
  string_view text;  // for users, if refused
  string_view id;
  string_view output_dir;     // absolute
  uint64_t output_limit = 0;  // bytes
};

// kBind, kEnded and kAbandoned. They are answered with a ReplyMessage without a plan.
struct JobMessage {
  MessageType type = MessageType::kBind;
  string_view id;
  int32_t wait_status = 0;  // from waitpid(2), except for kBind
};

enum class WireError { kNone, kMalformed, kVersion };

// Reads only the header. kVersion: well-formed, but no version in common.
WireError CheckHeader(std::span<const char> bytes, MessageType* type);

// Returns the highest version that both sides speak, for a message that CheckHeader() accepts.
uint16_t ChosenVersion(std::span<const char> bytes);
// Sets `version` as the only version of an encoded message, as in answers.
void NameVersion(std::span<char> message, uint16_t version);

// Decode a message; its texts point into `bytes`. Return false if anything is out of bounds, unterminated or
// left over.
bool Decode(std::span<const char> bytes, LaunchMessage* message);
bool Decode(std::span<const char> bytes, ReplyMessage* message);
bool Decode(std::span<const char> bytes, ReserveMessage* message);
bool Decode(std::span<const char> bytes, ReservedMessage* message);
bool Decode(std::span<const char> bytes, JobMessage* message);

// Encode a message into `memory`; return it, or empty text if it does not fit.
string_view Encode(const LaunchMessage& message, std::span<char> memory);
string_view Encode(const ReplyMessage& message, std::span<char> memory);
string_view EncodeMaking(std::span<char> memory);
string_view Encode(const ReserveMessage& message, std::span<char> memory);
string_view Encode(const ReservedMessage& message, std::span<char> memory);
string_view Encode(const JobMessage& message, std::span<char> memory);

// Writes `argv` as NUL-terminated texts, whole arguments only, up to kMaxArgvBytes.
string_view FlattenArgv(const char* const* argv, std::span<char> memory);

}  // namespace reloc
