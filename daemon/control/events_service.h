// Streams events to relocctl: past ones from the history, then each as it happens.
#pragma once

#include <memory>
#include <string>

#include "daemon/control/service.h"
#include "daemon/events/event_feed.h"
#include "daemon/history/history.h"
#include "proto/control.grpc.pb.h"

namespace reloc {

class EventsService : public Service, public relocd::v1::Events::Service {
 public:
  // All must outlive the service. `path`: the history's file.
  EventsService(EventFeed* feed, History* history, std::string path, Mailbox* mailbox)
      : feed_(feed), history_(history), path_(std::move(path)), mailbox_(mailbox) {}
  grpc::Service* grpc() override { return this; }
  void Stop() override { feed_->CloseAll(); }

  grpc::Status Watch(grpc::ServerContext* context, const relocd::v1::WatchRequest* request,
                     grpc::ServerWriter<relocd::v1::Event>* writer) override;

 private:
  using Writer = grpc::ServerWriter<relocd::v1::Event>;

  grpc::Status SendPast(const relocd::v1::WatchRequest& request, uint64_t last_number, Writer* writer);

  EventFeed* feed_;
  History* history_;
  std::string path_;
  Mailbox* mailbox_;
};

}  // namespace reloc
