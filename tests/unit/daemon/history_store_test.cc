#include "daemon/history/history_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "daemon/model/messages.h"
#include "reloc/storage/history_file.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

constexpr int64_t kDaemon = 77;
constexpr absl::Duration kDay = absl::Hours(24);

class HistoryStoreTest : public testing::Test {
 protected:
  HistoryStore NewStore(HistoryLimits limits = {}) {
    return HistoryStore(path_, limits, kDaemon, {[this] { return wall_; }, [this] { return steady_; }});
  }
  // A job that ends now.
  HistoryItem Ended(const std::string& id) {
    HistoryItem item;
    item.event.set_type("exit");
    *item.event.mutable_time() = ToTimestamp(wall_);
    item.event.mutable_job()->set_id(id);
    *item.event.mutable_job()->mutable_ended_at() = ToTimestamp(wall_);
    item.number = ++number_;
    item.job_ended = true;
    return item;
  }
  absl::Status Write(HistoryStore* store, const std::vector<std::string>& ids) {
    std::vector<HistoryItem> items;
    for (const std::string& id : ids) items.push_back(Ended(id));
    return store->Write(items);
  }
  std::vector<std::string> Ids(const HistoryQuery& query = {}) {
    std::vector<std::string> ids;
    absl::Status read = ReadPastJobs(path_, query, [&](absl::string_view record) {
      relocd::v1::Job job;
      EXPECT_TRUE(job.ParseFromArray(record.data(), static_cast<int>(record.size())));
      ids.push_back(job.id());
    });
    EXPECT_TRUE(read.ok()) << read;
    return ids;
  }
  size_t CountEvents(const HistoryQuery& query = {}) {
    size_t count = 0;
    EXPECT_TRUE(ReadPastEvents(path_, query, [&](absl::string_view) { ++count; }).ok());
    return count;
  }
  size_t CountDamaged() {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(temp_.path())) {
      count += entry.path().string().find(".damaged-") != std::string::npos;
    }
    return count;
  }
  void Pass(absl::Duration time) {
    wall_ += time;
    steady_ += time;
  }

  TempDir temp_;
  std::string path_ = temp_ / "history.db";
  absl::Time wall_ = absl::FromUnixSeconds(1700000000);
  absl::Duration steady_ = absl::Hours(1);
  uint64_t number_ = 0;
};

TEST_F(HistoryStoreTest, WhatIsWrittenIsReadInItsOrder) {
  EXPECT_TRUE(Ids().empty());  // no file yet
  HistoryStore store = NewStore();
  ASSERT_TRUE(Write(&store, {"c", "a"}).ok());
  store.Close();
  ASSERT_TRUE(Write(&store, {"b"}).ok());
  EXPECT_EQ(Ids(), (std::vector<std::string>{"c", "a", "b"}));
  EXPECT_EQ(Ids({.limit = 2}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(CountEvents(), 3u);
}

TEST_F(HistoryStoreTest, AJobIsKeptOnceAndAsItWasFirst) {
  HistoryStore store = NewStore();
  ASSERT_TRUE(Write(&store, {"a"}).ok());
  HistoryItem again = Ended("a");
  again.number = 0;  // no event
  ASSERT_TRUE(store.Write({&again, 1}).ok());
  EXPECT_EQ(Ids(), (std::vector<std::string>{"a"}));
  EXPECT_EQ(CountEvents(), 1u);
}

TEST_F(HistoryStoreTest, TimesAndThisRunsEventsSelect) {
  HistoryStore store = NewStore();
  ASSERT_TRUE(Write(&store, {"a"}).ok());
  Pass(kDay);
  ASSERT_TRUE(Write(&store, {"b"}).ok());
  EXPECT_EQ(Ids({.since = wall_}), (std::vector<std::string>{"b"}));
  EXPECT_EQ(Ids({.until = wall_ - absl::Hours(1)}), (std::vector<std::string>{"a"}));
  EXPECT_EQ(CountEvents({.daemon = kDaemon, .last_number = 1}), 1u);
  EXPECT_EQ(CountEvents({.daemon = kDaemon + 1, .last_number = 1}), 2u);
}

TEST_F(HistoryStoreTest, TheOldestGoWithTheirOutput) {
  std::filesystem::create_directory(temp_ / "output");
  for (const char* name : {"a", "a.1", "b", "c"}) std::ofstream(temp_ / "output/" + name) << "x";
  HistoryStore store = NewStore({.jobs = 2});
  ASSERT_TRUE(Write(&store, {"a", "b", "c"}).ok());
  EXPECT_EQ(Ids(), (std::vector<std::string>{"b", "c"}));
  EXPECT_FALSE(std::filesystem::exists(temp_ / "output/a"));
  EXPECT_FALSE(std::filesystem::exists(temp_ / "output/a.1"));
  EXPECT_TRUE(std::filesystem::exists(temp_ / "output/b"));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Write(&store, {"x" + std::to_string(i)}).ok());
  EXPECT_EQ(Ids().size(), 2u);
  EXPECT_EQ(CountEvents(), 8u);
}

class AgeTest : public HistoryStoreTest {
 protected:
  // Two hundred old jobs and one that ends now, `later`.
  void Fill(HistoryStore* store, absl::Duration later) {
    std::vector<std::string> ids;
    for (int i = 0; i < 200; ++i) ids.push_back("old" + std::to_string(i));
    ASSERT_TRUE(Write(store, ids).ok());
    Pass(later);
    ASSERT_TRUE(Write(store, {"new"}).ok());
  }
  const HistoryLimits limits_{.jobs = 1000, .age = 30 * kDay};
};

TEST_F(AgeTest, OldJobsGoButForTheLast) {
  HistoryStore store = NewStore(limits_);
  Fill(&store, 31 * kDay);
  EXPECT_EQ(Ids().size(), 100u);
  EXPECT_EQ(Ids().back(), "new");
}

TEST_F(AgeTest, YoungOnesStay) {
  HistoryStore store = NewStore(limits_);
  Fill(&store, 29 * kDay);
  EXPECT_EQ(Ids().size(), 201u);
}

TEST_F(AgeTest, AClockThatJumpsCostsNothing) {
  for (absl::Duration jump : {3650 * kDay, -3650 * kDay}) {
    std::filesystem::remove(path_);
    HistoryStore store = NewStore(limits_);
    Fill(&store, absl::Hours(2));
    wall_ += jump;
    steady_ += absl::Hours(2);
    ASSERT_TRUE(Write(&store, {"last"}).ok());
    EXPECT_EQ(Ids().size(), 202u);
    EXPECT_EQ(Ids().back(), "last");
    wall_ -= jump;
  }
}

TEST_F(AgeTest, AClockThatJumpedBeforeTheStartCostsNothing) {
  HistoryStore store = NewStore(limits_);
  Fill(&store, absl::Hours(2));
  store.Close();
  wall_ += 3650 * kDay;
  HistoryStore next = NewStore(limits_);
  ASSERT_TRUE(Write(&next, {"last"}).ok());
  EXPECT_EQ(Ids().size(), 202u);
}

TEST_F(HistoryStoreTest, ADamagedFileIsSetAside) {
  {
    HistoryStore store = NewStore();
    std::vector<std::string> ids;
    for (int i = 0; i < 500; ++i) ids.push_back("job" + std::to_string(i));
    ASSERT_TRUE(Write(&store, ids).ok());
  }
  const auto size = std::filesystem::file_size(path_);
  size_t damaged = 0;
  for (uintmax_t part : {size / 2, uintmax_t{4096}, uintmax_t{50}}) {
    std::filesystem::resize_file(path_, part);
    HistoryStore store = NewStore();
    wall_ += absl::Seconds(1);
    ASSERT_TRUE(Write(&store, {"new"}).ok()) << part;
    EXPECT_EQ(Ids(), (std::vector<std::string>{"new"}));
    EXPECT_EQ(CountDamaged(), ++damaged);
  }
  std::ofstream(path_, std::ios::trunc) << std::string(10000, 'x');
  wall_ += absl::Seconds(1);
  HistoryStore store = NewStore();
  ASSERT_TRUE(Write(&store, {"new"}).ok());
  EXPECT_EQ(CountDamaged(), ++damaged);
}

TEST_F(HistoryStoreTest, ANewerVersionsFileIsLeftAlone) {
  ASSERT_TRUE(sqlite::Database::Open(path_, sqlite::Access::kWrite)->Execute("PRAGMA user_version = 9").ok());
  HistoryStore store = NewStore();
  absl::Status written = Write(&store, {"a"});
  EXPECT_TRUE(absl::IsFailedPrecondition(written)) << written;
  EXPECT_EQ(CountDamaged(), 0u);
}

TEST_F(HistoryStoreTest, ALockedFileIsWrittenLater) {
  HistoryStore store = NewStore();
  ASSERT_TRUE(Write(&store, {"a"}).ok());
  sqlite::Database other = *sqlite::Database::Open(path_, sqlite::Access::kWrite);
  ASSERT_TRUE(other.Execute("BEGIN IMMEDIATE").ok());
  EXPECT_TRUE(absl::IsAborted(Write(&store, {"b"})));
  ASSERT_TRUE(other.Execute("COMMIT").ok());
  EXPECT_TRUE(Write(&store, {"b"}).ok());
  EXPECT_EQ(Ids(), (std::vector<std::string>{"a", "b"}));
}

// In a process of its own, whose limit plays the full disk.
int FillDisk(HistoryStore* store, std::span<const HistoryItem> items) {
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {30000, RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
  if (store->Write(items).ok()) return 2;
  limit.rlim_cur = RLIM_INFINITY;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
  return store->Write(items).ok() ? 0 : 4;
}

TEST_F(HistoryStoreTest, AFullDiskLeavesWhatWasThereAndIsTriedAgain) {
  {
    HistoryStore store = NewStore();
    ASSERT_TRUE(Write(&store, {"a"}).ok());
  }
  std::vector<HistoryItem> items;
  for (int i = 0; i < 1000; ++i) items.push_back(Ended("job" + std::to_string(i)));
  pid_t child = fork();
  if (child == 0) {
    HistoryStore store = NewStore();
    _exit(FillDisk(&store, items));
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(Ids().size(), 1001u);
  EXPECT_EQ(CountDamaged(), 0u);
}

}  // namespace
}  // namespace reloc
