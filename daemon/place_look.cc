#include "daemon/place_look.h"

#include <sys/epoll.h>

#include <utility>

#include "absl/memory/memory.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(2);
constexpr absl::Duration kWholeAnswer = absl::Milliseconds(100);  // once it has begun

}  // namespace

absl::StatusOr<std::unique_ptr<PlaceLook>> PlaceLook::Create(EventLoop* loop, OnOutcome on_outcome) {
  auto look = absl::WrapUnique(new PlaceLook(loop, std::move(on_outcome)));
  RELOC_ASSIGN_OR_RETURN(look->timer_, Timer::Create(loop, [self = look.get()] { self->OnTime(); }));
  return look;
}

PlaceLook::~PlaceLook() {
  if (process_ == nullptr) return;
  loop_->Forget(process_->socket());
  process_->Abandon();
}

absl::Status PlaceLook::Start(const std::string& dir) {
  if (process_ != nullptr) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<DiskProcess> process, DiskProcess::Start());
  relocd::v1::DiskTask task;
  task.set_find_place(dir);
  absl::Status started = process->Post(task);
  if (started.ok()) started = loop_->Watch(process->socket(), EPOLLIN, [this](uint32_t) { OnReadable(); });
  if (!started.ok()) {
    process->Abandon();
    return started;
  }
  process_ = std::move(process);
  timer_->Arm(kTimeout);
  return absl::OkStatus();
}

void PlaceLook::OnReadable() {
  timer_->Disarm();
  loop_->Forget(process_->socket());
  std::unique_ptr<DiskProcess> process = std::move(process_);
  absl::StatusOr<relocd::v1::DiskReply> reply = process->Receive(kWholeAnswer);
  process->Abandon();  // it has nothing more to do
  if (!reply.ok()) return on_outcome_(reply.status());
  if (reply->records().empty())
    return on_outcome_(absl::Status(static_cast<absl::StatusCode>(reply->code()), reply->message()));
  on_outcome_(reply->records(0));
}

// A process that gets no processor has more time.
void PlaceLook::OnTime() {
  if (IsRunnable(process_->pid())) return timer_->Arm(kTimeout);
  on_outcome_(absl::DeadlineExceededError("the state directory does not answer"));
}

}  // namespace reloc
