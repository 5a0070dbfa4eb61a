// Events as they happen, for clients that watch: each has a queue of its own, of limited length, so that a
// client that does not read holds up nobody and costs no more than that.
#pragma once

#include <stdint.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/model/event_bus.h"
#include "proto/control.pb.h"

namespace reloc {

using EventMessage = std::shared_ptr<const relocd::v1::Event>;

// Between the event loop, which fills it, and the thread of a client's call, which empties it.
class EventQueue {
 public:
  struct Next {
    EventMessage event;   // nullptr: none
    uint64_t lost = 0;    // so many between the event before and this one did not fit
    bool closed = false;  // nothing will follow
  };

  void Push(EventMessage event);
  void Close();
  // The next event, or none if none comes within `patience`.
  Next Wait(absl::Duration patience);

 private:
  // Not Abseil's: see Mailbox.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<EventMessage> events_;  // by mutex_
  uint64_t lost_ = 0;                // by mutex_
  bool closed_ = false;              // by mutex_
};

// For the event loop's thread.
class EventFeed {
 public:
  // Subscribes to `*events`.
  explicit EventFeed(EventBus* events);
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  // From now on each event is pushed to `queue`. ResourceExhausted if there are too many already.
  absl::Status Add(std::shared_ptr<EventQueue> queue);
  void Remove(const std::shared_ptr<EventQueue>& queue);
  void CloseAll();

 private:
  void Take(const Event& event);

  std::vector<std::shared_ptr<EventQueue>> queues_;
};

}  // namespace reloc
