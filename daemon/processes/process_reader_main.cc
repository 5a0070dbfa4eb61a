#include "daemon/processes/process_reader_main.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "daemon/base/child_process.h"
#include "daemon/base/frame.h"
#include "daemon/processes/survey.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

void ProcessReaderMain() {
  const UniqueFd socket = TakeParentSocket();
  ::prctl(PR_SET_NAME, "relocd-reader");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Somebody waits for the answers; relocd itself lets others go first (daemon/main.cc).
  struct sched_param none = {};
  (void)::sched_setscheduler(0, SCHED_OTHER, &none);
  Surveyor surveyor;
  std::string bytes;
  // If relocd ended before the lines above, there is nobody at the other end.
  while (ReceiveFrame(socket.get(), &bytes, absl::InfiniteDuration()).ok()) {
    relocd::v1::SurveyRequest request;
    if (!request.ParseFromString(bytes)) break;
    const std::string answer = surveyor.Answer(request).SerializeAsString();
    if (!SendFrame(socket.get(), answer, absl::InfiniteDuration()).ok()) break;
  }
  // Threads may still wait.
  ::_exit(0);
}

}  // namespace reloc
