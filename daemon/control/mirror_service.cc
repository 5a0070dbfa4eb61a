#include "daemon/control/mirror_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/timer.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

using relocd::v1::MirrorProgress;

// gRPC tells a waiting thread neither that the client left nor that the daemon stops.
constexpr absl::Duration kLook = absl::Milliseconds(250);

// Of what is looked at first; clients wait for two seconds.
constexpr absl::Duration kSurveyPatience = absl::Milliseconds(1500);

grpc::Status Stopping() { return {grpc::StatusCode::UNAVAILABLE, "the daemon is stopping"}; }

grpc::Status ToGrpc(const absl::Status& status) {
  // The numbers are the same on purpose.
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace

grpc::Status MirrorService::List(grpc::ServerContext* context, const relocd::v1::ListMirrorsRequest*,
                                 relocd::v1::ListMirrorsResponse* response) {
  if (grpc::Status known = AwaitSurvey(context); !known.ok()) return known;
  return Ask(mailbox_, [&] { *response = mirrors_->List(); });
}

// On the event loop's thread.
absl::StatusOr<std::vector<std::string>> MirrorService::Resolve(
    const google::protobuf::RepeatedPtrField<std::string>& refs) const {
  if (refs.empty()) return mirrors_->table().ListedNames();
  std::vector<std::string> names;
  for (const std::string& ref : refs) {
    RELOC_ASSIGN_OR_RETURN(std::string name, mirrors_->table().Resolve(ref));
    names.push_back(std::move(name));
  }
  return names;
}

grpc::Status MirrorService::AwaitSurvey(grpc::ServerContext* context) const {
  const absl::Duration deadline = MonotonicNow() + kSurveyPatience;
  MirrorProgress progress;
  while (!mirrors_->survey()->Wait(kLook, &progress)) {
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    if (stopped_) return Stopping();
    if (MonotonicNow() < deadline) continue;
    bool hangs = false;
    std::string cache;
    grpc::Status asked = Ask(mailbox_, [&] {
      hangs = !mirrors_->works();
      cache = mirrors_->List().dir();
    });
    if (!asked.ok()) return asked;
    if (hangs) return {grpc::StatusCode::UNAVAILABLE, absl::StrCat(cache, " does not answer")};
  }
  return grpc::Status::OK;
}

grpc::Status MirrorService::CheckAnswers() const {
  bool silent = false;
  std::string cache;
  grpc::Status asked = Ask(mailbox_, [&] {
    silent = mirrors_->silent();
    cache = mirrors_->List().dir();
  });
  if (!asked.ok() || !silent) return asked;
  return {grpc::StatusCode::UNAVAILABLE, absl::StrCat(cache, " does not answer")};
}

grpc::Status MirrorService::AwaitEnd(grpc::ServerContext* context, MirrorOrder* order,
                                     const Watcher& on_progress) const {
  MirrorProgress progress;
  while (!order->Wait(kLook, &progress)) {
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    if (stopped_) return Stopping();
    if (progress.stage().empty()) progress.set_stage("waiting");
    on_progress(progress);
  }
  return grpc::Status::OK;
}

grpc::Status MirrorService::Await(grpc::ServerContext* context, MirrorOrder* order,
                                  const Watcher& on_progress) const {
  grpc::Status ended = AwaitEnd(context, order, on_progress);
  return ended.ok() ? ToGrpc(order->outcome().status) : ended;
}

grpc::Status MirrorService::Add(grpc::ServerContext* context, const relocd::v1::AddMirrorRequest* request,
                                grpc::ServerWriter<MirrorProgress>* writer) {
  std::optional<MirrorKind> kind = ParseMirrorKind(request->kind().empty() ? "plain" : request->kind());
  if (!kind || request->pack().empty() || request->pack()[0] != '/') {
    return {grpc::StatusCode::INVALID_ARGUMENT, "a mirror is plain or graft, and of a pack's absolute path"};
  }
  if (grpc::Status answers = CheckAnswers(); !answers.ok()) return answers;
  std::shared_ptr<MirrorOrder> order;
  grpc::Status asked =
      Ask(mailbox_, [&] { order = mirrors_->Make(request->pack(), std::string(MirrorKindName(*kind))); });
  if (!asked.ok() || !request->wait()) return asked;
  grpc::Status made = Await(context, order.get(), [&](const MirrorProgress& p) { writer->Write(p); });
  if (!made.ok()) return made;
  MirrorProgress last;
  *last.mutable_mirror() = order->outcome().mirror;
  writer->Write(last);
  return made;
}

grpc::Status MirrorService::Prune(grpc::ServerContext* context,
                                  const relocd::v1::PruneMirrorsRequest* request,
                                  relocd::v1::PruneMirrorsResponse* response) {
  if (grpc::Status known = AwaitSurvey(context); !known.ok()) return known;
  if (grpc::Status answers = CheckAnswers(); !answers.ok()) return answers;
  std::shared_ptr<MirrorOrder> order;
  absl::StatusOr<std::vector<std::string>> names;
  const bool stale = request->mirrors().empty() && !request->all();
  grpc::Status asked = Ask(mailbox_, [&] {
    names = Resolve(request->mirrors());
    if (names.ok()) order = mirrors_->Remove(*names, stale);
  });
  if (!asked.ok()) return asked;
  if (!names.ok()) return ToGrpc(names.status());
  grpc::Status done = Await(context, order.get(), [](const MirrorProgress&) {});
  if (!done.ok()) return done;
  const MirrorOutcome& outcome = order->outcome();
  response->mutable_removed()->Assign(outcome.removed.begin(), outcome.removed.end());
  response->mutable_used()->Assign(outcome.used.begin(), outcome.used.end());
  response->set_freed(outcome.freed);
  return done;
}

grpc::Status MirrorService::Verify(grpc::ServerContext* context,
                                   const relocd::v1::VerifyMirrorsRequest* request,
                                   grpc::ServerWriter<MirrorProgress>* writer) {
  if (grpc::Status known = AwaitSurvey(context); !known.ok()) return known;
  if (grpc::Status answers = CheckAnswers(); !answers.ok()) return answers;
  std::shared_ptr<MirrorOrder> order;
  absl::StatusOr<std::vector<std::string>> names;
  grpc::Status asked = Ask(mailbox_, [&] {
    names = Resolve(request->mirrors());
    if (names.ok()) order = mirrors_->Verify(*names);
  });
  if (!asked.ok()) return asked;
  if (!names.ok()) return ToGrpc(names.status());
  grpc::Status done = Await(context, order.get(), [&](const MirrorProgress& p) { writer->Write(p); });
  if (!done.ok()) return done;
  MirrorProgress last;
  last.set_verified(order->outcome().verified);
  for (const auto& difference : order->outcome().differences) *last.add_differences() = difference;
  writer->Write(last);
  return done;
}

}  // namespace reloc
