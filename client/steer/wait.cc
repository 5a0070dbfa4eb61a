// The daemon may end and come back in the meantime. While it is away this process watches the job's process,
// so that waiting ends some seconds after the job if no daemon ever comes.
#include <errno.h>
#include <poll.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/base/control_client.h"
#include "client/base/job_ref.h"
#include "client/base/report.h"
#include "client/steer/commands.h"
#include "reloc/base/unique_fd.h"
#include "reloc/hosted/status.h"

// glibc 2.36's header lacks extern "C".
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

constexpr int kRetryMillis = 200;
constexpr absl::Duration kDaemonMayTake = absl::Seconds(10);  // to come back, after the job has ended

using Client = std::unique_ptr<ControlClient>;

// A job to wait for.
struct Awaited {
  relocd::v1::Job job;
  UniqueFd process;  // invalid: it has ended
};

// Asks the daemon how the job ended. NotFound: this daemon does not know the job. Unavailable: it ended.
absl::StatusOr<relocd::v1::Job> AskEnding(const ControlClient& client, const std::string& id) {
  auto stub = relocd::v1::Jobs::NewStub(client.channel());
  relocd::v1::WaitRequest request;
  request.set_id(id);
  relocd::v1::Job job;
  RELOC_RETURN_IF_ERROR(client.Call(
      [&](grpc::ClientContext* context) { return stub->Wait(context, request, &job); }, CallKind::kLasting));
  return job;
}

// Sleeps for a moment. Returns true once the process has ended.
bool SleepUntilEnded(const UniqueFd& process) {
  struct pollfd entry = {process.get(), POLLIN, 0};
  bool ended = ::poll(&entry, process.valid() ? 1 : 0, kRetryMillis) == 1;
  if (ended) absl::SleepFor(absl::Milliseconds(kRetryMillis));
  return ended || !process.valid();
}

// Returns how the job ended, from this daemon or a later one; nullopt if none knows.
std::optional<relocd::v1::Job> AwaitEnding(Client& client, const Awaited& awaited) {
  std::optional<absl::Time> ended_at;
  while (!ended_at || absl::Now() - *ended_at < kDaemonMayTake) {
    if (client != nullptr) {
      absl::StatusOr<relocd::v1::Job> job = AskEnding(*client, awaited.job.id());
      if (job.ok()) return *std::move(job);
      if (absl::IsNotFound(job.status())) return std::nullopt;
      client = nullptr;
    }
    if (SleepUntilEnded(awaited.process) && !ended_at) ended_at = absl::Now();
    if (absl::StatusOr<Client> again = ControlClient::Connect(); again.ok()) client = *std::move(again);
  }
  return std::nullopt;
}

// Returns what a shell would have as $?.
std::string Number(const std::optional<relocd::v1::Job>& job) {
  if (job && job->has_exit_code()) return absl::StrCat(job->exit_code());
  if (job && job->has_signal()) return absl::StrCat(128 + job->signal());
  return "unknown";
}

// The pidfd is opened before the daemon is asked once more: that confirms that it belongs to this job.
absl::StatusOr<Awaited> Begin(const ControlClient& client, const std::string& ref) {
  RELOC_ASSIGN_OR_RETURN(relocd::v1::Job job, FindJob(client, ref));
  Awaited awaited{job, UniqueFd(::pidfd_open(job.pid(), 0))};
  RELOC_ASSIGN_OR_RETURN(awaited.job, FindJob(client, job.id()));
  if (awaited.job.state() != relocd::v1::Job::STATE_RUNNING) awaited.process.Reset();
  return awaited;
}

absl::Status Wait(const std::vector<std::string>& refs, int* exit_status) {
  RELOC_ASSIGN_OR_RETURN(Client client, ControlClient::Connect());
  // All are looked up before the first is waited for: a name may mean another job later.
  std::vector<Awaited> jobs;
  for (const std::string& ref : refs) {
    absl::StatusOr<Awaited> awaited = Begin(*client, ref);
    if (awaited.ok()) {
      jobs.push_back(*std::move(awaited));
    } else {
      *exit_status = ExitStatus(awaited.status());
    }
  }
  for (const Awaited& awaited : jobs) {
    std::string number = Number(AwaitEnding(client, awaited));
    if (number == "unknown") *exit_status = 1;
    PrintOut(number + "\n");
    RELOC_RETURN_IF_ERROR(FlushOut());  // the reader waits for it
  }
  return absl::OkStatus();
}

}  // namespace

void AddWaitCommand(CLI::App& app, int* exit_status) {
  auto jobs = std::make_shared<std::vector<std::string>>();
  CLI::App* wait = app.add_subcommand("wait", "Wait until jobs have ended, and print their exit statuses");
  wait->add_option("JOB", *jobs, "Ids, names or pids")->required();
  wait->footer(
      "Prints one line for each job, in the order given: its exit status, 128 and the signal that killed it, "
      "or "
      "'unknown'. Exit status: 0, or 1 if there is no such job or an ending is unknown. A restart of the "
      "daemon "
      "does not end the waiting.\n"
      "\n"
      "Examples:\n"
      "  relocctl wait 4rk\n"
      "  relocctl wait $(relocctl ps -q)");
  wait->callback(
      [jobs, exit_status] { *exit_status = RunInParts([&](int* status) { return Wait(*jobs, status); }); });
}

}  // namespace reloc
