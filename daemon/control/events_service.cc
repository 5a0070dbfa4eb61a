#include "daemon/control/events_service.h"

#include "absl/time/clock.h"
#include "daemon/base/disk_process.h"
#include "daemon/model/messages.h"

namespace reloc {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);
// gRPC tells a waiting thread of its own neither that the client left nor anything else.
constexpr absl::Duration kLook = absl::Seconds(1);

bool Send(const EventQueue::Next& next, grpc::ServerWriter<relocd::v1::Event>* writer) {
  if (next.lost > 0) {
    relocd::v1::Event gap;
    *gap.mutable_time() = next.event->time();
    gap.set_lost(next.lost);
    writer->Write(gap);
  }
  return next.event == nullptr || writer->Write(*next.event);
}

}  // namespace

grpc::Status EventsService::Watch(grpc::ServerContext* context, const relocd::v1::WatchRequest* request,
                                  Writer* writer) {
  auto queue = std::make_shared<EventQueue>();
  absl::Status added;
  uint64_t last_number = 0;
  // At one moment: what has happened is past, what follows comes by the queue.
  grpc::Status asked = Ask(mailbox_, [&] {
    if (!request->only_past()) added = feed_->Add(queue);
    last_number = history_->last_number();
    history_->Hurry();
  });
  if (!asked.ok()) return asked;
  if (!added.ok()) return {grpc::StatusCode::RESOURCE_EXHAUSTED, std::string(added.message())};
  grpc::Status sent = request->past() ? SendPast(*request, last_number, writer) : grpc::Status::OK;
  bool ended = !sent.ok() || request->only_past();
  while (!ended && !context->IsCancelled()) {
    EventQueue::Next next = queue->Wait(kLook);
    ended = next.closed || !Send(next, writer);
  }
  // Fails when the daemon stops, and then the feed has let go of it.
  (void)Ask(mailbox_, [&] { feed_->Remove(queue); });
  return sent;
}

grpc::Status EventsService::SendPast(const relocd::v1::WatchRequest& request, uint64_t last_number,
                                     Writer* writer) {
  relocd::v1::Event event;
  const absl::Status written = history_->Await(kPatience);
  HistoryQuery query;
  query.daemon = history_->daemon();
  query.last_number = static_cast<int64_t>(last_number);
  if (request.has_since()) query.since = ToTime(request.since());
  if (request.has_until()) query.until = ToTime(request.until());
  absl::Status read = ReadHistoryApart(path_, /*events=*/true, query, [&](absl::string_view record) {
    if (event.ParseFromArray(record.data(), static_cast<int>(record.size()))) writer->Write(event);
  });
  if (!read.ok()) return {grpc::StatusCode::UNAVAILABLE, std::string(read.message())};
  if (!written.ok()) {
    event.Clear();
    *event.mutable_time() = ToTimestamp(absl::Now());
    event.set_text("the last events are missing here, as the history cannot be written: " +
                   std::string(written.message()));
    writer->Write(event);
  }
  return grpc::Status::OK;
}

}  // namespace reloc
