// Answers `relocctl metrics`.
#pragma once

#include "daemon/control/service.h"
#include "daemon/metrics/metrics.h"
#include "proto/control.grpc.pb.h"

namespace reloc {

class MetricsService : public Service, public relocd::v1::Metrics::Service {
 public:
  // Both must outlive the service.
  MetricsService(const Metrics* metrics, Mailbox* mailbox) : metrics_(metrics), mailbox_(mailbox) {}
  grpc::Service* grpc() override { return this; }

  grpc::Status Read(grpc::ServerContext* context, const relocd::v1::ReadMetricsRequest* request,
                    relocd::v1::ReadMetricsResponse* response) override;

 private:
  const Metrics* metrics_;
  Mailbox* mailbox_;
};

}  // namespace reloc
