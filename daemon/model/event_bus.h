// Hands each event to all who subscribed, at once and on the event loop's thread. A subscriber must not wait:
// what is slow (a disk, a client) it queues.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "daemon/model/event.h"

namespace reloc {

class EventBus {
 public:
  using Subscriber = std::function<void(const Event&)>;

  // For the life of the bus: subscribers are parts of relocd, and come and go with it.
  void Subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }
  void Publish(const Event& event) const {
    for (const Subscriber& subscriber : subscribers_) subscriber(event);
  }

 private:
  std::vector<Subscriber> subscribers_;
};

}  // namespace reloc
