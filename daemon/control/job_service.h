// Answers relocctl about single jobs, and sends them signals.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/mailbox.h"
#include "daemon/control/control_service.h"
#include "daemon/control/service.h"
#include "daemon/jobs/job_waiters.h"
#include "proto/control.grpc.pb.h"

namespace reloc {

class JobService : public Service, public relocd::v1::Jobs::Service {
 public:
  // All must outlive the service.
  JobService(const DaemonView* view, JobWaiters* waiters, Mailbox* mailbox)
      : view_(view), waiters_(waiters), mailbox_(mailbox) {}
  grpc::Service* grpc() override { return this; }
  void Stop() override { waiters_->WakeAll(); }

  grpc::Status Find(grpc::ServerContext* context, const relocd::v1::FindJobsRequest* request,
                    relocd::v1::FindJobsResponse* response) override;
  grpc::Status Inspect(grpc::ServerContext* context, const relocd::v1::InspectRequest* request,
                       grpc::ServerWriter<relocd::v1::JobDetails>* writer) override;
  grpc::Status Kill(grpc::ServerContext* context, const relocd::v1::KillRequest* request,
                    relocd::v1::KillResponse* response) override;
  grpc::Status Wait(grpc::ServerContext* context, const relocd::v1::WaitRequest* request,
                    relocd::v1::Job* response) override;

 private:
  grpc::Status FindById(const std::string& id, Job* job);

  const DaemonView* view_;
  JobWaiters* waiters_;
  Mailbox* mailbox_;
};

}  // namespace reloc
