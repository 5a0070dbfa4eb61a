#include "daemon/events/event_feed.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace reloc {
namespace {

class EventFeedTest : public testing::Test {
 protected:
  void Publish(const std::string& text) {
    events_.Publish({EventType::kDaemonStop, absl::Now(), nullptr, nullptr, text});
  }

  EventBus events_;
  EventFeed feed_{&events_};
  std::shared_ptr<EventQueue> queue_ = std::make_shared<EventQueue>();
};

TEST_F(EventFeedTest, WhatHappensWhileOneWatchesArrivesInOrder) {
  Publish("before");
  ASSERT_TRUE(feed_.Add(queue_).ok());
  Publish("a");
  Publish("b");
  feed_.Remove(queue_);
  Publish("after");
  EXPECT_EQ(queue_->Wait(absl::Seconds(1)).event->text(), "a");
  EXPECT_EQ(queue_->Wait(absl::Seconds(1)).event->text(), "b");
  EXPECT_EQ(queue_->Wait(absl::Milliseconds(1)).event, nullptr);
}

TEST_F(EventFeedTest, ASlowReaderIsToldHowManyItMissed) {
  ASSERT_TRUE(feed_.Add(queue_).ok());
  for (int i = 0; i < 5000; ++i) Publish(absl::StrCat(i));
  EventQueue::Next next = queue_->Wait(absl::Seconds(1));
  EXPECT_GT(next.lost, 1000u);
  EXPECT_EQ(next.event->text(), absl::StrCat(next.lost));
  EXPECT_EQ(queue_->Wait(absl::Seconds(1)).lost, 0u);
}

TEST_F(EventFeedTest, AReaderWakesUpForAnEventAndForTheEnd) {
  ASSERT_TRUE(feed_.Add(queue_).ok());
  std::string text;
  bool closed = false;
  std::thread reader([&] {
    text = queue_->Wait(absl::Seconds(60)).event->text();
    closed = queue_->Wait(absl::Seconds(60)).closed;
  });
  Publish("a");
  feed_.CloseAll();
  reader.join();
  EXPECT_EQ(text, "a");
  EXPECT_TRUE(closed);
}

TEST_F(EventFeedTest, ThereAreNotTooMany) {
  absl::Status added;
  for (int i = 0; i < 100 && added.ok(); ++i) added = feed_.Add(std::make_shared<EventQueue>());
  EXPECT_TRUE(absl::IsResourceExhausted(added));
}

}  // namespace
}  // namespace reloc
