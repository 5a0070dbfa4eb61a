#include "client/run/attachment.h"

#include <signal.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/signals.h"

namespace reloc {

int FindTerminal() {
  for (int fd = 0; fd < 3; ++fd) {
    if (::isatty(fd)) return fd;
  }
  return -1;
}

int FinishAttachment(const Left& left, const std::string& id, const LaunchLog& log) {
  switch (left.how) {
    case Leave::kLaunched:
      return 0;
    case Leave::kNotLaunched:
      return left.value;
    case Leave::kEnded:
      EndAs(left.value);
    case Leave::kDetached: {
      std::string line =
          absl::StrCat("\nrelocctl: detached, the job goes on; come back with: relocctl attach ", id, "\n");
      (void)WriteAll(STDERR_FILENO, line).ok();
      return 0;
    }
    case Leave::kHungUp:
      EndAs(SIGHUP);
    case Leave::kSignalled:
      EndAs(left.value);
    case Leave::kNothing:
      log.Error(absl::StrCat(
          "job ", id,
          " has the terminal and the files of whoever started it: there is nothing to attach to"));
      return kExitFailed;
    case Leave::kSilent:
      log.Error(absl::StrCat("the launcher of job ", id,
                             " does not answer: it was stopped, or the disk with the job's output hangs"));
      return kExitFailed;
    case Leave::kLost:
      log.Error(
          "the job's launcher was killed, or this terminal was too slow for its output; relocctl ps shows "
          "whether the job goes on");
      return kExitFailed;
  }
  return kExitFailed;
}

}  // namespace reloc
