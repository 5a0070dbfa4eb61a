// Answers relocctl about jobs that ended, from the history's file.
#pragma once

#include <string>

#include "daemon/control/service.h"
#include "daemon/history/history.h"
#include "proto/control.grpc.pb.h"

namespace reloc {

class HistoryService : public Service, public relocd::v1::History::Service {
 public:
  // `history` and `mailbox` must outlive the service. `path`: the history's file.
  HistoryService(History* history, std::string path, Mailbox* mailbox)
      : history_(history), path_(std::move(path)), mailbox_(mailbox) {}
  grpc::Service* grpc() override { return this; }

  grpc::Status ListEnded(grpc::ServerContext* context, const relocd::v1::ListEndedRequest* request,
                         grpc::ServerWriter<relocd::v1::PastJob>* writer) override;

 private:
  reloc::History* history_;
  std::string path_;
  Mailbox* mailbox_;
};

}  // namespace reloc
