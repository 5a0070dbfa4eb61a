#include "daemon/control/job_service.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "daemon/control/job_details.h"
#include "daemon/control/messages.h"
#include "daemon/jobs/find_job.h"
#include "daemon/jobs/job_processes.h"
#include "daemon/jobs/job_signal.h"

namespace reloc {
namespace {

grpc::Status NoSuchJob(const std::string& id) {
  return {grpc::StatusCode::NOT_FOUND, absl::StrCat("there is no job ", id)};
}

// Those that were asked for, or all that run.
void Select(const relocd::v1::InspectRequest& request, std::vector<Job>* jobs) {
  if (request.ids().empty()) return;
  const absl::flat_hash_set<std::string> wanted(request.ids().begin(), request.ids().end());
  jobs->erase(
      std::remove_if(jobs->begin(), jobs->end(), [&](const Job& job) { return !wanted.contains(job.id); }),
      jobs->end());
}

}  // namespace

grpc::Status JobService::Find(grpc::ServerContext*, const relocd::v1::FindJobsRequest* request,
                              relocd::v1::FindJobsResponse* response) {
  std::vector<Job> jobs;
  if (grpc::Status asked = Ask(mailbox_, [&] { jobs = view_->jobs->List(true); }); !asked.ok()) return asked;
  for (const std::string& ref : request->refs()) {
    relocd::v1::FindJobsResponse::Found* found = response->add_found();
    for (const Job& job : FindJobs(jobs, ref)) *found->add_jobs() = ToMessage(job, Usage());
    if (found->jobs().empty()) found->set_hint(JobHint(jobs, ref));
  }
  return grpc::Status::OK;
}

grpc::Status JobService::Inspect(grpc::ServerContext*, const relocd::v1::InspectRequest* request,
                                 grpc::ServerWriter<relocd::v1::JobDetails>* writer) {
  std::vector<Job> jobs;
  const bool all = !request->ids().empty();  // also those that ended
  std::string dir;
  auto look = [&] {
    jobs = view_->jobs->List(all);
    dir = view_->dir;
  };
  if (grpc::Status asked = Ask(mailbox_, look); !asked.ok()) return asked;
  // Before the selection: of what jobs have left behind each has its own.
  const JobProcesses processes = JobProcesses::Read(jobs);
  Select(*request, &jobs);
  for (const Job& job : jobs) {
    relocd::v1::JobDetails details = Describe(job, processes, request->processes());
    if (request->details()) AddDetails(job, processes, dir, &details);
    if (!writer->Write(details)) break;  // the client is gone
  }
  return grpc::Status::OK;
}

grpc::Status JobService::FindById(const std::string& id, Job* job) {
  bool found = false;
  grpc::Status asked = Ask(mailbox_, [&] {
    const Job* known = view_->jobs->Find(id);
    found = known != nullptr;
    if (found) *job = *known;
  });
  return !asked.ok() || found ? asked : NoSuchJob(id);
}

grpc::Status JobService::Kill(grpc::ServerContext*, const relocd::v1::KillRequest* request,
                              relocd::v1::KillResponse* response) {
  if (request->signal() < 0 || request->signal() > SIGRTMAX) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "there is no such signal"};
  }
  Job job;
  UniqueFd main;
  if (grpc::Status found = FindById(request->id(), &job); !found.ok()) return found;
  // As long as it is held no other job can get the same mark; one that had got it before keeps it.
  const std::vector<UniqueFd> held = HoldMark(job);
  grpc::Status asked = Ask(mailbox_, [&] {
    main = view_->jobs->OpenProcess(job.id);
    if (held.empty() || view_->jobs->HasLostMark(job)) job.mark.namespaces = ProcessNamespaces();
  });
  if (!asked.ok()) return asked;
  Signalled signalled = SignalJob(job, main, request->signal());
  response->set_signalled(signalled.processes);
  response->set_refused(signalled.refused);
  return grpc::Status::OK;
}

grpc::Status JobService::Wait(grpc::ServerContext* context, const relocd::v1::WaitRequest* request,
                              relocd::v1::Job* response) {
  JobWaiters::Waiter waiter(waiters_, request->id());
  Job job;
  do {
    if (grpc::Status found = FindById(request->id(), &job); !found.ok()) return found;
    if (job.state == JobState::kRunning) continue;
    *response = ToMessage(job, Usage());
    return grpc::Status::OK;
  } while (!context->IsCancelled() && (waiter.Sleep(), true));
  return grpc::Status::CANCELLED;
}

}  // namespace reloc
