// Lists mirrors, and has them made, removed and compared.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/mailbox.h"
#include "daemon/control/service.h"
#include "daemon/mirrors/mirrors.h"
#include "proto/control.grpc.pb.h"

namespace reloc {

class MirrorService : public Service, public relocd::v1::Mirrors::Service {
 public:
  // Both must outlive the service.
  MirrorService(Mirrors* mirrors, Mailbox* mailbox) : mirrors_(mirrors), mailbox_(mailbox) {}
  grpc::Service* grpc() override { return this; }
  void Stop() override { stopped_ = true; }

  grpc::Status List(grpc::ServerContext* context, const relocd::v1::ListMirrorsRequest* request,
                    relocd::v1::ListMirrorsResponse* response) override;
  grpc::Status Add(grpc::ServerContext* context, const relocd::v1::AddMirrorRequest* request,
                   grpc::ServerWriter<relocd::v1::MirrorProgress>* writer) override;
  grpc::Status Prune(grpc::ServerContext* context, const relocd::v1::PruneMirrorsRequest* request,
                     relocd::v1::PruneMirrorsResponse* response) override;
  grpc::Status Verify(grpc::ServerContext* context, const relocd::v1::VerifyMirrorsRequest* request,
                      grpc::ServerWriter<relocd::v1::MirrorProgress>* writer) override;

 private:
  using Watcher = std::function<void(const relocd::v1::MirrorProgress&)>;

  absl::StatusOr<std::vector<std::string>> Resolve(
      const google::protobuf::RepeatedPtrField<std::string>& refs) const;
  // The table knows what there is.
  grpc::Status CheckAnswers() const;
  grpc::Status AwaitSurvey(grpc::ServerContext* context) const;
  // CANCELLED and UNAVAILABLE; whatever became of the order, OK.
  grpc::Status AwaitEnd(grpc::ServerContext* context, MirrorOrder* order, const Watcher& on_progress) const;
  grpc::Status Await(grpc::ServerContext* context, MirrorOrder* order, const Watcher& on_progress) const;

  Mirrors* mirrors_;
  Mailbox* mailbox_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace reloc
