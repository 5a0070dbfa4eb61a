#include "daemon/mirrors/worker.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "daemon/base/child_process.h"
#include "daemon/mirrors/worker_channel.h"
#include "daemon/mirrors/worker_tasks.h"

namespace reloc {
namespace {

// From <linux/ioprio.h>, which does not compile as C++ in Linux 6.1.192.
constexpr int kIoPriorityOfProcess = 1;
constexpr int kIdleIoPriority = 3 << 13;

// In these the host is served first. Where they are refused mirrors are made all the same.
void YieldToOthers() {
  (void)::setpriority(PRIO_PROCESS, 0, 10);
  (void)::syscall(SYS_ioprio_set, kIoPriorityOfProcess, 0, kIdleIoPriority);
}

}  // namespace

void MirrorWorkerMain() {
  WorkerChannel channel(TakeParentSocket());
  ::prctl(PR_SET_NAME, "relocd-mirrors");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  YieldToOthers();
  relocd::v1::MirrorTask task;
  // If relocd ended before the line above, there is nobody at the other end.
  if (!channel.ReceiveTask(&task)) ::_exit(1);
  DoMirrorTask(task, &channel);
  ::_exit(0);
}

}  // namespace reloc
