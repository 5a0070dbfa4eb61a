#include "daemon/control/control_service.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "daemon/model/messages.h"
#include "daemon/processes/process_reader.h"

namespace reloc {
namespace {

// A message costs some ten microseconds, whatever is in it.
constexpr int kBatch = 256;

}  // namespace

grpc::Status ControlService::ListJobs(grpc::ServerContext*, const relocd::v1::ListJobsRequest* request,
                                      grpc::ServerWriter<relocd::v1::JobBatch>* writer) {
  std::vector<Job> jobs;
  grpc::Status asked = Ask(mailbox_, [&] { jobs = view_->jobs->List(request->include_ended()); });
  if (!asked.ok()) return asked;
  // After the jobs were taken: what is new belongs to none of them, but their processes are there.
  relocd::v1::SurveyAnswer processes;
  if (!jobs.empty()) {
    processes = ProcessReader(view_->readers, mailbox_).Ask(SurveyOf(jobs, relocd::v1::SurveyRequest::USAGE));
  }
  relocd::v1::JobBatch batch;
  for (size_t i = 0; i < jobs.size(); ++i) {
    *batch.add_jobs() = ToMessage(jobs[i], UsageOf(processes.jobs(static_cast<int>(i))));
    if (batch.jobs_size() < kBatch && i + 1 < jobs.size()) continue;
    if (!writer->Write(batch)) break;  // the client is gone
    batch.Clear();
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::ListRoots(grpc::ServerContext*, const relocd::v1::ListRootsRequest*,
                                       grpc::ServerWriter<relocd::v1::Root>* writer) {
  std::vector<std::pair<Root, size_t>> roots;
  grpc::Status asked = Ask(mailbox_, [&] { roots = view_->roots->List(); });
  if (!asked.ok()) return asked;
  for (const auto& [root, jobs] : roots) {
    if (!writer->Write(ToMessage(root, jobs))) break;
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::GetStatus(grpc::ServerContext*, const relocd::v1::GetStatusRequest*,
                                       relocd::v1::DaemonStatus* response) {
  grpc::Status asked = Ask(mailbox_, [&] {
    response->set_version(RELOC_VERSION);
    response->set_pid(::getpid());
    response->set_dir(view_->dir);
    response->set_output_dir(view_->output_dir);
    *response->mutable_started_at() = ToTimestamp(view_->started_at);
    response->set_jobs(static_cast<uint32_t>(view_->jobs->running()));
    response->set_roots(static_cast<uint32_t>(view_->roots->size()));
    response->set_roots_limit(static_cast<uint32_t>(view_->roots->limit()));
    response->set_roots_error(std::string(view_->roots_usable().message()));
    response->set_history_error(std::string(view_->history_written().message()));
  });
  return asked;
}

grpc::Status ControlService::Stop(grpc::ServerContext*, const relocd::v1::StopRequest*,
                                  relocd::v1::StopResponse*) {
  return Ask(mailbox_, [&] { view_->stop(); });
}

}  // namespace reloc
