#include <google/protobuf/util/time_util.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "client/base/control_client.h"
#include "client/base/event_record.h"
#include "client/base/format.h"
#include "client/base/reader_watch.h"
#include "client/base/report.h"
#include "client/base/time_arg.h"
#include "client/watch/commands.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

using google::protobuf::util::TimeUtil;

struct EventsOptions {
  std::string since, until;
  bool no_stream = false;
  std::string format;
};

absl::Status SetTime(const std::string& text, google::protobuf::Timestamp* message) {
  RELOC_ASSIGN_OR_RETURN(absl::Time time, ParseTimeArgument(text, absl::Now(), absl::LocalTimeZone()));
  *message = TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
  return absl::OkStatus();
}

absl::StatusOr<relocd::v1::WatchRequest> MakeRequest(const EventsOptions& options) {
  relocd::v1::WatchRequest request;
  if (!options.since.empty()) RELOC_RETURN_IF_ERROR(SetTime(options.since, request.mutable_since()));
  if (!options.until.empty()) RELOC_RETURN_IF_ERROR(SetTime(options.until, request.mutable_until()));
  bool over = request.has_until() && request.until() <= TimeUtil::GetCurrentTime();
  request.set_only_past(options.no_stream || over);
  request.set_past(request.has_since() || request.only_past());
  return request;
}

// Prints one line at a time, so that readers get each at once.
absl::Status Print(const relocd::v1::Event& event, const std::string& format) {
  PrintOut((format == "json" ? ToJson(EventRecord(event)) : EventLine(event)) + "\n");
  return FlushOut();
}

absl::Status Events(const EventsOptions& options) {
  RELOC_ASSIGN_OR_RETURN(relocd::v1::WatchRequest request, MakeRequest(options));
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  auto stub = relocd::v1::Events::NewStub(client->channel());
  absl::Status printed;
  auto watch = [&](grpc::ClientContext* context) {
    bool ends = request.has_until() && !request.only_past();
    if (ends) {
      context->set_deadline(std::chrono::system_clock::time_point(
          std::chrono::microseconds(TimeUtil::TimestampToMicroseconds(request.until()))));
    }
    auto reader = stub->Watch(context, request);
    ReaderWatch seen_enough([context] { context->TryCancel(); });
    relocd::v1::Event event;
    bool stopped = false;
    while (printed.ok() && reader->Read(&event)) {
      printed = Print(event, options.format);
      stopped = event.type() == "daemon_stop";
    }
    if (!printed.ok()) context->TryCancel();
    grpc::Status status = reader->Finish();
    bool in_time = ends && status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    // A daemon that stops may have no time left to end the call as well.
    return stopped || in_time || !printed.ok() || ReaderGoneWithin(absl::ZeroDuration()) ? grpc::Status::OK
                                                                                         : status;
  };
  RELOC_RETURN_IF_ERROR(client->Call(watch, CallKind::kLasting));
  return printed;
}

}  // namespace

void AddEventsCommand(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<EventsOptions>();
  CLI::App* events =
      app.add_subcommand("events", "Tell of launches, ends and roots as they happen, until ^C");
  events->add_option("--since", options->since, std::string("First what happened since then: ") + kTimeHelp)
      ->type_name("TIME");
  events->add_option("--until", options->until, "Until then only")->type_name("TIME");
  events->add_flag("--no-stream", options->no_stream, "Only what has happened already");
  AddFormatOption(events, &options->format);
  events->footer(
      "Types: launch, exit, fallback, root_create, root_evict, mirror_create, mirror_evict, daemon_start,\n"
      "daemon_stop; root_evict and mirror_evict have a reason (unusable, limit, pruned, removed, replaced,\n"
      "damaged, does not answer, out of date); and lost, with a number, where events\n"
      "came faster than they were read.\n"
      "\n"
      "Examples:\n"
      "  relocctl events\n"
      "  relocctl events --since 1h --no-stream\n"
      "  relocctl events --format json | jq 'select(.type == \"exit\")'");
  events->callback([options, exit_status] { *exit_status = ExitStatus(Events(*options)); });
}

}  // namespace reloc
