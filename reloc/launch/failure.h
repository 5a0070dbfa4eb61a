// Describes what went wrong in a launch: the step, its subject, the errno and how to fix it.
#pragma once

#include "reloc/base/result.h"
#include "reloc/base/text.h"

namespace reloc {

// Why a launch did not go the way that was tried first. Counted by the daemon (relocd_fallbacks_total).
enum class Reason : uint16_t {
  kNone = 0,
  kNoDaemon = 1,       // no process listens
  kDaemonSilent = 2,   // no answer in time, or a full backlog
  kForeignDaemon = 3,  // the directory or the peer belongs to another user
  kVersion = 4,        // no protocol version in common
  kProtocol = 5,       // an answer that cannot be parsed, or lost descriptors
  kContext = 6,        // other namespaces or another root directory than the daemon's
  kRefused = 7,        // the daemon refused
  kJoin = 8,           // the root could not be joined
  kEngine = 9,         // the engine cannot work here
  kMirror = 10,        // nothing could be executed from the mirror of the pack
};
inline constexpr size_t kReasonCount = 11;
// Returns "no_daemon", "daemon_silent", ...: label values, which never change.
const char* ReasonName(Reason reason);

struct Failure {
  const char* step = nullptr;  // nullptr: nothing failed
  Errno error;
  const char* hint = nullptr;  // the fix, if one is known
  FixedText<512> subject;      // a path or a name; may be empty

  bool failed() const { return step != nullptr; }
  void Clear() { Set(nullptr, kOk, {}); }
  void Set(const char* failed_step, Errno errno_value, string_view about, const char* fix = nullptr);
  // Appends "mount /x: Permission denied (hint)".
  void Describe(TextBuffer* line) const;
};

}  // namespace reloc
