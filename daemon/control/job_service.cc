#include "daemon/control/job_service.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "daemon/control/job_details.h"
#include "daemon/jobs/find_job.h"
#include "daemon/jobs/job_signal.h"
#include "daemon/model/messages.h"
#include "daemon/processes/process_reader.h"
#include "daemon/processes/survey.h"

namespace reloc {
namespace {

using relocd::v1::SurveyAnswer;
using relocd::v1::SurveyRequest;

grpc::Status NoSuchJob(const std::string& id) {
  return {grpc::StatusCode::NOT_FOUND, absl::StrCat("there is no job ", id)};
}

// The processes of each of `jobs`.
std::vector<std::vector<pid_t>> ListProcesses(const std::vector<Job>& jobs, ProcessReader* reader) {
  std::vector<std::vector<pid_t>> processes;
  const SurveyAnswer answer = reader->Ask(SurveyOf(jobs, SurveyRequest::TREE));
  for (const SurveyAnswer::Subject& job : answer.jobs()) {
    std::vector<pid_t>& pids = processes.emplace_back();
    for (const relocd::v1::Process& process : job.each()) pids.push_back(process.pid());
  }
  return processes;
}

SurveyRequest::Depth DepthOf(const relocd::v1::InspectRequest& request) {
  if (request.details()) return SurveyRequest::DETAILS;
  return request.processes() ? SurveyRequest::RESOURCES : SurveyRequest::USAGE;
}

// Asks about all jobs, because a process that a job left behind is assigned to one of them. If the request
// names no ids, all jobs are wanted.
SurveyRequest QuestionOf(const relocd::v1::InspectRequest& request, const std::vector<Job>& jobs) {
  const absl::flat_hash_set<std::string> wanted(request.ids().begin(), request.ids().end());
  SurveyRequest question;
  question.set_depth(DepthOf(request));
  for (const Job& job : jobs) {
    *question.add_jobs() = SubjectOf(job, wanted.empty() || wanted.contains(job.id));
  }
  return question;
}

}  // namespace

grpc::Status JobService::Find(grpc::ServerContext*, const relocd::v1::FindJobsRequest* request,
                              relocd::v1::FindJobsResponse* response) {
  std::vector<Job> jobs;
  if (grpc::Status asked = Ask(mailbox_, [&] { jobs = view_->jobs->List(true); }); !asked.ok()) return asked;
  std::optional<ProcessReader> reader;
  auto list_processes = [&] {
    if (!reader) reader.emplace(view_->readers, mailbox_);
    return ListProcesses(jobs, &*reader);
  };
  for (const std::string& ref : request->refs()) {
    relocd::v1::FindJobsResponse::Found* found = response->add_found();
    for (const Job& job : FindJobs(jobs, ref, list_processes)) *found->add_jobs() = ToMessage(job, Usage());
    if (found->jobs().empty()) found->set_nearest(NearestJob(jobs, ref));
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
  if (jobs.empty()) return grpc::Status::OK;
  const SurveyRequest question = QuestionOf(*request, jobs);
  const SurveyAnswer answer = ProcessReader(view_->readers, mailbox_).Ask(question);
  for (int i = 0; i < question.jobs_size(); ++i) {
    if (!question.jobs(i).wanted()) continue;
    const Job& job = jobs[static_cast<size_t>(i)];
    relocd::v1::JobDetails details = Describe(job, answer.jobs(i), request->processes());
    if (request->details()) AddDetails(job, answer.jobs(i), dir, view_->output_dir, &details);
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
  ProcessReader reader(view_->readers, mailbox_);
  SurveyRequest question = SurveyOf({job}, SurveyRequest::TREE);
  // As long as it is held no other job can get the same mark; one that had got it before keeps it.
  question.set_hold_mark(true);
  const bool held = reader.Ask(question).holds_mark();
  grpc::Status asked = Ask(mailbox_, [&] {
    main = view_->jobs->OpenProcess(job.id);
    if (!held || view_->jobs->HasLostMark(job)) job.mark.namespaces = ProcessNamespaces();
  });
  if (!asked.ok()) return asked;
  *question.mutable_jobs(0) = SubjectOf(job, true);
  Signalled signalled = SignalJob(job, main, request->signal(), [&] { return reader.Ask(question).jobs(0); });
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
