#include "daemon/events/event_feed.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/model/messages.h"
#include "reloc/fault/fault.h"

namespace reloc {
namespace {

constexpr size_t kMaxQueued = 1024;
constexpr size_t kMaxQueues = 64;  // each has a thread of gRPC's

}  // namespace

void EventQueue::Push(EventMessage event) {
  std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  if (events_.size() > kMaxQueued || fault::Fails(fault::Point::kEventsQueue)) {
    events_.pop_front();
    ++lost_;
  }
  changed_.notify_one();
}

void EventQueue::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_one();
}

EventQueue::Next EventQueue::Wait(absl::Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoMilliseconds(patience),
                    [this] { return closed_ || !events_.empty(); });
  if (events_.empty()) return {nullptr, 0, closed_};
  Next next{std::move(events_.front()), std::exchange(lost_, 0), false};
  events_.pop_front();
  return next;
}

EventFeed::EventFeed(EventBus* events) {
  events->Subscribe([this](const Event& event) { Take(event); });
}

absl::Status EventFeed::Add(std::shared_ptr<EventQueue> queue) {
  if (queues_.size() >= kMaxQueues) {
    return absl::ResourceExhaustedError(absl::StrCat(kMaxQueues, " clients watch events already"));
  }
  queues_.push_back(std::move(queue));
  return absl::OkStatus();
}

void EventFeed::Remove(const std::shared_ptr<EventQueue>& queue) { std::erase(queues_, queue); }

void EventFeed::CloseAll() {
  for (const std::shared_ptr<EventQueue>& queue : queues_) queue->Close();
  queues_.clear();
}

void EventFeed::Take(const Event& event) {
  if (queues_.empty()) return;
  auto message = std::make_shared<const relocd::v1::Event>(ToMessage(event));
  for (const std::shared_ptr<EventQueue>& queue : queues_) queue->Push(message);
}

}  // namespace reloc
