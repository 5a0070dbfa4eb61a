#include "daemon/metrics/textfile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/time/clock.h"
#include "daemon/metrics/expand_user.h"
#include "tests/unit/daemon/fixture.h"
#include "tests/unit/daemon/metrics_fixture.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class TextfileTest : public MetricsFixture {
 protected:
  // In this process: the other one would be this program again.
  static TextfileDisk Disk() {
    return {ReplaceTextfile, [](const std::string& path) { ::unlink(path.c_str()); }};
  }
  void Open(absl::Duration interval) {
    textfile_ = *Textfile::Create(loop_.get(), &events_, &metrics_, path_, interval, Disk());
  }
  void Happen() { events_.Publish({EventType::kDaemonStart, absl::Now(), nullptr, nullptr, {}}); }
  bool Appears(const char* text) {
    return RunUntil(*loop_, [&] { return Read(path_).find(text) != std::string::npos; });
  }

  TempDir temp_;
  std::string path_ = temp_ / "relocd.prom";
  std::unique_ptr<Textfile> textfile_;
};

TEST_F(TextfileTest, IsWrittenWhenSomethingHappensAndReadableByOthers) {
  Open(absl::ZeroDuration());
  loop_->RunOnce(20);
  EXPECT_FALSE(std::filesystem::exists(path_));
  Happen();
  ASSERT_TRUE(Appears("relocd_roots 0\n"));
  struct stat st;
  ASSERT_EQ(::stat(path_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0644u);
  metrics_.Answered(absl::Seconds(1));
  Happen();
  EXPECT_TRUE(Appears("relocd_launch_duration_seconds_count 1\n"));
}

TEST_F(TextfileTest, IsNotWrittenMoreOftenThanTheInterval) {
  Open(absl::Hours(1));
  Happen();
  ASSERT_TRUE(Appears("relocd_launch_duration_seconds_count 0\n"));
  metrics_.Answered(absl::Seconds(1));
  for (int i = 0; i < 10; ++i) {
    Happen();
    loop_->RunOnce(5);
  }
  EXPECT_THAT(Read(path_), HasSubstr("relocd_launch_duration_seconds_count 0\n"));
}

TEST_F(TextfileTest, WhatHappensDuringAWritingIsWrittenAfterIt) {
  Open(absl::Milliseconds(1));
  for (int i = 0; i < 200; ++i) {
    metrics_.Answered(absl::Seconds(1));
    Happen();
    loop_->RunOnce(0);
  }
  EXPECT_TRUE(Appears("relocd_launch_duration_seconds_count 200\n"));
}

TEST_F(TextfileTest, GoesWithTheDaemon) {
  Open(absl::ZeroDuration());
  Happen();
  ASSERT_TRUE(Appears("relocd_roots"));
  Happen();
  loop_->RunOnce(100);  // a writing begins
  textfile_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(temp_ / ""));
}

TEST_F(TextfileTest, ComesBackWhenItCanBeWrittenAgain) {
  path_ = temp_ / "later/relocd.prom";
  Open(absl::ZeroDuration());
  Happen();
  RunUntil(*loop_, [tries = 0]() mutable { return ++tries > 10; });
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::create_directory(temp_ / "later");
  Happen();
  EXPECT_TRUE(Appears("relocd_roots"));
}

TEST(ReplaceTextfileTest, ErrorsNameTheFileAndLeaveTheOldOne) {
  TempDir temp;
  absl::Status missing = ReplaceTextfile(temp / "none/x.prom", "new");
  EXPECT_THAT(std::string(missing.message()), HasSubstr("none/x.prom"));
  std::filesystem::create_directory(temp / "x.prom");
  EXPECT_THAT(std::string(ReplaceTextfile(temp / "x.prom", "new").message()), HasSubstr("x.prom"));
  EXPECT_FALSE(std::filesystem::exists(temp / "x.prom.new"));
}

TEST(ReplaceTextfileTest, AStrangersLinkIsNotFollowed) {
  TempDir temp;
  std::ofstream(temp / "victim") << "mine";
  std::filesystem::create_symlink(temp / "victim", temp / "x.prom.new");
  EXPECT_TRUE(ReplaceTextfile(temp / "x.prom", "new").ok());
  EXPECT_EQ(Read(temp / "victim"), "mine");
  EXPECT_EQ(Read(temp / "x.prom"), "new");
}

TEST(CheckTextfileTest, WantsWhatNodeExporterReads) {
  EXPECT_TRUE(CheckTextfile("/x/relocd-%u.prom").ok());
  for (const char* path : {"relocd.prom", "/x/relocd", "/x/relocd.prom.new"}) {
    EXPECT_THAT(std::string(CheckTextfile(path).message()), HasSubstr(path));
  }
}

TEST(ExpandUserTest, PlaceholdersAreTheUsers) {
  EXPECT_EQ(ExpandUser("/x/%U-%%U-%%.prom"), absl::StrCat("/x/", geteuid(), "-%U-%.prom"));
  EXPECT_THAT(ExpandUser("/x/%u"), testing::Not(EndsWith("%u")));
}

}  // namespace
}  // namespace reloc
