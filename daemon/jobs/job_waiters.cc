#include "daemon/jobs/job_waiters.h"

#include <chrono>
#include <utility>

namespace reloc {
namespace {

// gRPC's synchronous calls are not told that their client went away; they can only ask, once in a while.
constexpr auto kLookAround = std::chrono::seconds(2);

}  // namespace

JobWaiters::Waiter::Waiter(JobWaiters* waiters, std::string id) : waiters_(waiters), id_(std::move(id)) {
  std::lock_guard lock(waiters_->mutex_);
  place_ = waiters_->waiting_.insert(waiters_->waiting_.end(), this);
}

JobWaiters::Waiter::~Waiter() {
  std::lock_guard lock(waiters_->mutex_);
  waiters_->waiting_.erase(place_);
}

bool JobWaiters::Waiter::Sleep() {
  std::unique_lock lock(waiters_->mutex_);
  return waiters_->changed_.wait_for(lock, kLookAround, [this] { return woken_; });
}

void JobWaiters::Ended(absl::string_view id) {
  std::lock_guard lock(mutex_);
  bool any = false;
  for (Waiter* waiter : waiting_) {
    if (waiter->id_ == id) any = waiter->woken_ = true;
  }
  if (any) changed_.notify_all();
}

void JobWaiters::WakeAll() {
  std::lock_guard lock(mutex_);
  for (Waiter* waiter : waiting_) waiter->woken_ = true;
  changed_.notify_all();
}

}  // namespace reloc
