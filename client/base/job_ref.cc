#include "client/base/job_ref.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/base/job_record.h"
#include "proto/control.grpc.pb.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr int kShown = 5;  // if several jobs match

absl::Status Ambiguous(const std::string& ref, const relocd::v1::FindJobsResponse::Found& found) {
  std::string list;
  for (int i = 0; i < std::min(found.jobs_size(), kShown); ++i) {
    const relocd::v1::Job& job = found.jobs(i);
    absl::StrAppend(&list, i == 0 ? "" : ", ", job.id(), " (", job.name(), ", pid ", job.pid(), ", ",
                    JobStateText(job), ")");
  }
  if (found.jobs_size() > kShown) absl::StrAppend(&list, " and ", found.jobs_size() - kShown, " more");
  return absl::FailedPreconditionError(
      absl::StrCat("'", ref, "' may be any of ", found.jobs_size(), " jobs; give the id: ", list));
}

}  // namespace

absl::StatusOr<relocd::v1::Job> FindJob(const ControlClient& client, const std::string& ref) {
  auto stub = relocd::v1::Jobs::NewStub(client.channel());
  relocd::v1::FindJobsRequest request;
  request.add_refs(ref);
  relocd::v1::FindJobsResponse response;
  RELOC_RETURN_IF_ERROR(
      client.Call([&](grpc::ClientContext* context) { return stub->Find(context, request, &response); }));
  if (response.found_size() != 1) return absl::InternalError("the daemon's answer makes no sense");
  const relocd::v1::FindJobsResponse::Found& found = response.found(0);
  if (found.jobs().empty()) {
    const std::string fix = found.nearest().empty() ? "; see relocctl ps -a"
                                                    : absl::StrCat("; did you mean '", found.nearest(), "'?");
    return absl::NotFoundError(absl::StrCat("there is no job '", ref, "'", fix));
  }
  if (found.jobs_size() > 1) return Ambiguous(ref, found);
  return found.jobs(0);
}

absl::StatusOr<relocd::v1::KillResponse> KillJob(const ControlClient& client, const std::string& id,
                                                 int signal) {
  auto stub = relocd::v1::Jobs::NewStub(client.channel());
  relocd::v1::KillRequest request;
  request.set_id(id);
  request.set_signal(signal);
  relocd::v1::KillResponse response;
  RELOC_RETURN_IF_ERROR(
      client.Call([&](grpc::ClientContext* context) { return stub->Kill(context, request, &response); },
                  CallKind::kOnce));
  return response;
}

}  // namespace reloc
