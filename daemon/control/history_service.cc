#include "daemon/control/history_service.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/disk_process.h"
#include "daemon/model/messages.h"

namespace reloc {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);

}  // namespace

grpc::Status HistoryService::ListEnded(grpc::ServerContext*, const relocd::v1::ListEndedRequest* request,
                                       grpc::ServerWriter<relocd::v1::PastJob>* writer) {
  grpc::Status asked = Ask(mailbox_, [&] { history_->Hurry(); });
  if (!asked.ok()) return asked;
  relocd::v1::PastJob past;
  const absl::Status written = history_->Await(kPatience);
  HistoryQuery query;
  if (request->has_since()) query.since = ToTime(request->since());
  if (request->limit() > 0) query.limit = request->limit();
  absl::Status read = ReadHistoryApart(path_, /*events=*/false, query, [&](absl::string_view record) {
    if (past.mutable_job()->ParseFromArray(record.data(), static_cast<int>(record.size())))
      writer->Write(past);
  });
  if (!read.ok()) return {grpc::StatusCode::UNAVAILABLE, std::string(read.message())};
  if (!written.ok()) {
    past.Clear();
    past.set_warning(
        absl::StrCat("the last jobs are missing, as the history cannot be written: ", written.message()));
    writer->Write(past);
  }
  return grpc::Status::OK;
}

}  // namespace reloc
