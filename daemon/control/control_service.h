// Answers relocctl about the daemon, its jobs and its roots.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/base/mailbox.h"
#include "daemon/control/service.h"
#include "daemon/jobs/job_table.h"
#include "daemon/processes/process_readers.h"
#include "daemon/roots/root_cache.h"
#include "proto/control.grpc.pb.h"

namespace reloc {

// What relocctl may see and do; for the event loop's thread. All must outlive the service.
struct DaemonView {
  std::string dir;         // changes; read by the event loop alone
  std::string output_dir;  // for what jobs with a launcher write
  absl::Time started_at;
  const JobTable* jobs;
  const RootCache* roots;
  ProcessReaders* readers;
  std::function<absl::Status()> roots_usable;
  std::function<absl::Status()> history_written;
  std::function<void()> stop;
};

class ControlService : public Service, public relocd::v1::Control::Service {
 public:
  // Both must outlive the service.
  ControlService(const DaemonView* view, Mailbox* mailbox) : view_(view), mailbox_(mailbox) {}
  grpc::Service* grpc() override { return this; }

  grpc::Status ListJobs(grpc::ServerContext* context, const relocd::v1::ListJobsRequest* request,
                        grpc::ServerWriter<relocd::v1::JobBatch>* writer) override;
  grpc::Status ListRoots(grpc::ServerContext* context, const relocd::v1::ListRootsRequest* request,
                         grpc::ServerWriter<relocd::v1::Root>* writer) override;
  grpc::Status GetStatus(grpc::ServerContext* context, const relocd::v1::GetStatusRequest* request,
                         relocd::v1::DaemonStatus* response) override;
  grpc::Status Stop(grpc::ServerContext* context, const relocd::v1::StopRequest* request,
                    relocd::v1::StopResponse* response) override;

 private:
  const DaemonView* view_;
  Mailbox* mailbox_;
};

}  // namespace reloc
