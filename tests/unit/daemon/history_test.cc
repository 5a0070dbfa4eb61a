#include "daemon/history/history.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <thread>

#include "absl/time/clock.h"
#include "reloc/storage/history_file.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() { setenv("XDG_STATE_HOME", state_.path().c_str(), 1); }
  void PublishEnd(const std::string& id) {
    Job job;
    job.id = id;
    job.state = JobState::kExited;
    job.ended_at = absl::Now();
    events_.Publish({EventType::kExit, absl::Now(), &job, nullptr, {}});
  }
  static std::unique_ptr<HistoryWriter> Store(HistoryLimits limits) {
    return std::make_unique<HistoryStore>(*HistoryPath("/"), limits, 1);
  }
  size_t CountJobs() {
    size_t count = 0;
    EXPECT_TRUE(ReadPastJobs(*HistoryPath("/"), {}, [&](absl::string_view) { ++count; }).ok());
    return count;
  }
  // As a client's thread does.
  absl::Status Flush(History* history) {
    history->Hurry();
    absl::Status status;
    std::thread([&] { status = history->Await(absl::Seconds(20)); }).join();
    return status;
  }

  TempDir state_;
  EventBus events_;
};

TEST_F(HistoryTest, WhatIsPublishedIsWritten) {
  History history(&events_, 1, Store({}));
  EXPECT_TRUE(Flush(&history).ok());  // nothing to write
  for (int i = 0; i < 1000; ++i) PublishEnd("job" + std::to_string(i));
  EXPECT_EQ(history.last_number(), 1000u);
  EXPECT_TRUE(Flush(&history).ok());
  EXPECT_EQ(CountJobs(), 1000u);
}

TEST_F(HistoryTest, TheEndOfTheDaemonLosesNothing) {
  {
    History history(&events_, 1, Store({}));
    for (int i = 0; i < 100; ++i) PublishEnd("job" + std::to_string(i));
    Job job;
    job.id = "kept";
    history.Keep(job);
  }
  EXPECT_EQ(CountJobs(), 101u);
}

TEST_F(HistoryTest, WhatCannotBeWrittenIsWrittenLater) {
  std::filesystem::create_directories(state_ / "relocd/history.db");  // a directory in its place
  History history(&events_, 1, Store({}));
  PublishEnd("a");
  EXPECT_FALSE(Flush(&history).ok());
  PublishEnd("b");
  EXPECT_FALSE(Flush(&history).ok());
  std::filesystem::remove(state_ / "relocd/history.db");
  EXPECT_TRUE(Flush(&history).ok());
  EXPECT_EQ(CountJobs(), 2u);
}

TEST_F(HistoryTest, AQueueThatIsNotWrittenStaysBounded) {
  std::filesystem::create_directories(state_ / "relocd/history.db");
  History history(&events_, 1, Store({}));
  for (int i = 0; i < 20000; ++i) PublishEnd("job" + std::to_string(i));
  EXPECT_FALSE(Flush(&history).ok());
  std::filesystem::remove(state_ / "relocd/history.db");
  PublishEnd("last");
  EXPECT_TRUE(Flush(&history).ok());
  EXPECT_GT(CountJobs(), 1000u);
  EXPECT_LE(CountJobs(), 5000u);
}

}  // namespace
}  // namespace reloc
