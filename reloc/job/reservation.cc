#include "reloc/job/reservation.h"

#include <errno.h>

#include <memory>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/job/daemon_errors.h"
#include "reloc/job/daemon_place.h"
#include "reloc/launch/launch_log.h"

namespace reloc {
namespace {

constexpr size_t kAnswerBytes = 16 * 1024;

// Returns the error for a daemon that does not answer. The lock file, in a directory that was checked, has
// its pid.
absl::Status Silent(const std::string& dir) {
  FixedText<32> text;
  pid_t pid = 0;
  const bool known = ReadSmallFile(absl::StrCat(dir, "/lock").c_str(), &text).ok() &&
                     absl::SimpleAtoi(absl::StripAsciiWhitespace(Text(text.view())), &pid) && pid > 0;
  if (!known) {
    return absl::UnavailableError(
        absl::StrCat("the daemon in ", dir, " does not answer; see relocctl daemon status"));
  }
  return SilentDaemonError(pid);
}

absl::Status ToStatus(Reason reason, const std::string& dir) {
  switch (reason) {
    case Reason::kNone:
      return absl::OkStatus();
    case Reason::kNoDaemon:
      return NoDaemonError();
    case Reason::kForeignDaemon:
      return ForeignDaemonError(absl::StrCat("the daemon in ", dir, " is someone else's"));
    case Reason::kDaemonSilent:
      return Silent(dir);
    default:
      return absl::UnavailableError(
          absl::StrCat("the daemon in ", dir,
                       " is of another version; relocctl daemon restart puts this one in its place"));
  }
}

absl::StatusOr<DaemonLink> ConnectTo(const std::string& dir) {
  DirReport report;
  Result<DaemonDirectory> found = OpenDaemonDir(dir.c_str(), &report);
  if (!found.ok() && found.error().value == EPERM) return ForeignDaemonError(DescribeFault(dir, report));
  if (!found.ok()) return ToStatus(Reason::kNoDaemon, dir);
  DaemonLink link;
  RELOC_RETURN_IF_ERROR(ToStatus(link.Connect(*found), dir));
  return link;
}

// Sends `message` and returns the answer. A daemon that does not know the message closes the connection.
template <typename Answer, typename Message>
absl::Status Ask(DaemonLink* link, const std::string& dir, const Message& message, std::span<char> memory,
                 Answer* answer) {
  uint64_t deadline = MonotonicMicros() + kDaemonDeadlineMicros;
  Reason reason = link->Send(Encode(message, memory), -1);
  std::span<const char> bytes;
  if (reason == Reason::kNone) reason = link->Receive(deadline, memory, &bytes);
  if (reason == Reason::kNoDaemon || (reason == Reason::kNone && !Decode(bytes, answer)))
    reason = Reason::kProtocol;
  RELOC_RETURN_IF_ERROR(ToStatus(reason, dir));
  if (answer->reason == Reason::kNone) return absl::OkStatus();
  return absl::FailedPreconditionError(OneLine(Text(answer->text)));
}

absl::Status Say(const std::string& dir, const JobMessage& message) {
  RELOC_ASSIGN_OR_RETURN(DaemonLink link, ConnectTo(dir));
  char memory[kAnswerBytes];
  ReplyMessage reply;
  return Ask(&link, dir, message, memory, &reply);
}

}  // namespace

absl::StatusOr<Reservation> ReserveJob(const char* const* envp, const std::string& name) {
  if (EnvValue(envp, "RELOC_DAEMON") == "off") {
    return absl::NotFoundError("RELOC_DAEMON is off, and such jobs need the daemon; unset it");
  }
  RELOC_ASSIGN_OR_RETURN(DaemonPlace place, FindDaemonPlace(envp));
  Reservation reservation;
  if (!place.taken.empty()) reservation.warning = TakenWarning(place);
  reservation.daemon_dir = std::move(place.dir);
  if (fault::Fails(fault::Point::kJobReserve)) return ToStatus(Reason::kDaemonSilent, reservation.daemon_dir);
  RELOC_ASSIGN_OR_RETURN(reservation.link, ConnectTo(reservation.daemon_dir));
  char memory[kAnswerBytes];
  ReservedMessage answer;
  RELOC_RETURN_IF_ERROR(
      Ask(&reservation.link, reservation.daemon_dir, ReserveMessage{name}, memory, &answer));
  reservation.id = answer.id;
  reservation.output_dir = answer.output_dir;
  reservation.output_limit = answer.output_limit;
  return reservation;
}

absl::Status BindJob(const std::string& daemon_dir, const std::string& id) {
  if (fault::Fails(fault::Point::kJobBind)) return ToStatus(Reason::kDaemonSilent, daemon_dir);
  return Say(daemon_dir, {MessageType::kBind, id});
}

absl::Status ReportEnded(const std::string& daemon_dir, const std::string& id, int wait_status,
                         bool launched) {
  return Say(daemon_dir, {launched ? MessageType::kEnded : MessageType::kAbandoned, id, wait_status});
}

}  // namespace reloc
