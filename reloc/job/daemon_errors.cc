#include "reloc/job/daemon_errors.h"

#include "absl/strings/str_cat.h"

namespace reloc {

absl::Status NoDaemonError() {
  return absl::NotFoundError("no daemon runs for you; start one with: relocctl daemon start");
}

absl::Status ForeignDaemonError(absl::string_view what) {
  return absl::PermissionDeniedError(absl::StrCat(what, "; set RELOCD_DIR to another directory"));
}

absl::Status SilentDaemonError(pid_t pid) {
  return absl::DeadlineExceededError(absl::StrCat("the daemon (pid ", pid, ") does not answer; kill -CONT ",
                                                  pid, " if it was stopped, else kill -9 ", pid,
                                                  ": jobs go on"));
}

}  // namespace reloc
