#include "client/watch/all_daemons.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/base/control_client.h"
#include "client/watch/user_jobs.h"
#include "client/watch/user_places.h"
#include "reloc/cli/output.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/daemon_dir.h"

namespace reloc {
namespace {

using Jobs = std::vector<relocd::v1::Job>;

constexpr absl::Duration kSearchBudget = absl::Milliseconds(300);
constexpr absl::Duration kTimeout = absl::Seconds(2);  // for the answers, once the daemons are known

void PrintWarnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) PrintError("relocctl: warning", warning);
}

// Returns the directories of daemons that belong to this user or root. `roots`: names in /tmp.
absl::StatusOr<std::vector<std::string>> TrustedDirs(const std::vector<std::string>& roots) {
  RELOC_ASSIGN_OR_RETURN(std::string own, ChosenDaemonDir());
  std::vector<std::string> dirs = {own, kSiteDaemonDir};
  if (::geteuid() == 0) {
    std::vector<std::string> usual = DaemonDirsOf(0, roots);
    dirs.insert(dirs.end(), usual.begin(), usual.end());
  }
  dirs.erase(std::remove(dirs.begin() + 1, dirs.end(), own), dirs.end());
  return dirs;
}

absl::StatusOr<Jobs> ListJobsAt(const std::string& dir, bool include_ended, absl::Time deadline) {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect(dir));
  auto stub = relocd::v1::Control::NewStub(client->channel());
  relocd::v1::ListJobsRequest request;
  request.set_include_ended(include_ended);
  Jobs jobs;
  auto list = [&](grpc::ClientContext* context) {
    context->set_deadline(absl::ToChronoTime(deadline));
    auto reader = stub->ListJobs(context, request);
    for (relocd::v1::JobBatch batch; reader->Read(&batch);) {
      std::move(batch.mutable_jobs()->begin(), batch.mutable_jobs()->end(), std::back_inserter(jobs));
    }
    return reader->Finish();
  };
  RELOC_RETURN_IF_ERROR(client->Call(list, CallKind::kLasting));
  return jobs;
}

// Appends to `all`. NotFound if no daemon runs in any of `dirs`.
absl::Status ListTrusted(const std::vector<std::string>& dirs, bool include_ended, absl::Time deadline,
                         Jobs* all) {
  absl::Status missing;
  bool any = false;
  for (const std::string& dir : dirs) {
    absl::StatusOr<Jobs> jobs = ListJobsAt(dir, include_ended, deadline);
    if (absl::IsNotFound(jobs.status())) {
      missing = jobs.status();
      continue;
    }
    any = true;
    if (!jobs.ok()) {
      PrintWarnings({absl::StrCat(dir, ": ", jobs.status().message())});
    } else {
      std::move(jobs->begin(), jobs->end(), std::back_inserter(*all));
    }
  }
  return any ? absl::OkStatus() : missing;
}

}  // namespace

// The helpers work while the other daemons are asked.
absl::StatusOr<Jobs> ListJobsOfAllUsers(bool include_ended) {
  DaemonPlaces places;
  if (::geteuid() == 0) places = FindDaemonPlaces(kSearchBudget);
  PrintWarnings(places.warnings);
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> trusted, TrustedDirs(places.users[0]));
  places.users.erase(0);
  const absl::Time deadline = absl::Now() + kTimeout;
  UserJobs others;
  others.Start(places.users, include_ended);
  Jobs all;
  absl::Status listed = ListTrusted(trusted, include_ended, deadline, &all);
  others.Collect(deadline);
  PrintWarnings(others.warnings());
  if (!listed.ok() && !others.any()) return listed;
  all.insert(all.end(), others.jobs().begin(), others.jobs().end());
  return all;
}

}  // namespace reloc
