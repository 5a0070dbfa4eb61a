// Steers the roots that the daemon keeps.
#pragma once

#include "daemon/base/mailbox.h"
#include "daemon/control/service.h"
#include "daemon/roots/root_cache.h"
#include "proto/control.grpc.pb.h"

namespace reloc {

class RootService : public Service, public relocd::v1::Roots::Service {
 public:
  // Both must outlive the service.
  RootService(RootCache* roots, Mailbox* mailbox) : roots_(roots), mailbox_(mailbox) {}
  grpc::Service* grpc() override { return this; }

  grpc::Status Prune(grpc::ServerContext*, const relocd::v1::PruneRootsRequest*,
                     relocd::v1::PruneRootsResponse* response) override {
    return Ask(mailbox_, [&] {
      response->set_dropped(static_cast<uint32_t>(roots_->Prune()));
      response->set_kept(static_cast<uint32_t>(roots_->size()));
    });
  }

 private:
  RootCache* roots_;
  Mailbox* mailbox_;
};

}  // namespace reloc
