#include "daemon/proc/proc_stat.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/daemon/fixture.h"

namespace reloc {
namespace {

// /proc/PID/stat of a process with that name, whose parent is 77.
std::string Line(const std::string& name) {
  return absl::StrCat(
      "4242 (", name,
      ") S 77 4242 4242 34816 4242 4194304 100 200 0 0 150 50 30 20 20 0 1 0 12345 8192000 321 "
      "18446744073709551615 1 1 0 0 0 0 0 0 65536 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 256\n");
}

TEST(ProcStatTest, ReadsTheFields) {
  std::optional<ProcStat> stat = ParseProcStat(Line("sed"));
  ASSERT_TRUE(stat);
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 77);
  EXPECT_DOUBLE_EQ(stat->cpu_seconds, 200 / ticks);
  EXPECT_DOUBLE_EQ(stat->children_cpu_seconds, 50 / ticks);
  EXPECT_EQ(stat->started, absl::Seconds(12345 / ticks));
  EXPECT_EQ(stat->rss_bytes, 321u * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(stat->exit_code, 256);
}

TEST(ProcStatTest, ANameMayHoldAnything) {
  for (const char* name : {") R 1 (", "a b c", ")", "(((", "\n", ""}) {
    std::optional<ProcStat> stat = ParseProcStat(Line(name));
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->parent, 77) << name;
  }
}

TEST(ProcStatTest, NonsenseIsNone) {
  for (const char* text : {"", ")", "1 (sed", "1 (sed) ", "1 (sed) S", "1 (sed) S 1 2 3", "(sed) SS 1 2 3"}) {
    EXPECT_FALSE(ParseProcStat(text)) << text;
  }
}

TEST(ProcStatTest, ReadsALiveProcessWithANastyName) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  Child child([&] {
    prctl(PR_SET_NAME, ") R 1 (");
    (void)!write(ready[1], "x", 1);
    SleepForEver();
  });
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  std::optional<ProcStat> stat = ReadProcStat(child.pid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, getpid());
  EXPECT_GT(stat->rss_bytes, 0u);
  close(ready[0]);
  close(ready[1]);
}

TEST(ProcStatTest, NoSuchProcessIsNone) { EXPECT_FALSE(ReadProcStat(1 << 30)); }

ProcStat Process(pid_t parent, char state = 'S') {
  ProcStat stat;
  stat.state = state;
  stat.parent = parent;
  stat.cpu_seconds = 1;
  stat.rss_bytes = 1000;
  return stat;
}

TEST(ProcessTreeTest, CountsAProcessAndItsDescendants) {
  ProcessTree tree(
      {{10, Process(1)}, {11, Process(10)}, {12, Process(11)}, {13, Process(10, 'Z')}, {20, Process(1)}});
  Usage usage = tree.UsageOf(tree.Descendants({10}));
  EXPECT_EQ(usage.processes, 3u);  // the zombie is none
  EXPECT_DOUBLE_EQ(usage.cpu_seconds, 4);
  EXPECT_EQ(usage.rss_bytes, 4000u);
  EXPECT_EQ(tree.Descendants({99}).size(), 0u);
}

TEST(ProcessTreeTest, CirclesEnd) {
  // Numbers that were used again while /proc was read.
  ProcessTree tree({{10, Process(12)}, {11, Process(10)}, {12, Process(11)}, {13, Process(13)}});
  EXPECT_EQ(tree.Descendants({10}).size(), 3u);
  EXPECT_EQ(tree.Descendants({13}).size(), 1u);
}

TEST(ProcessTreeTest, FindsOurOwnChildren) {
  Child child(SleepForEver);
  StallGuard guard(absl::Seconds(10), absl::Seconds(10));
  EXPECT_GE(ProcessTree::Read(&guard).Descendants({getpid()}).size(), 2u);
  EXPECT_TRUE(guard.complete());
}

TEST(ProcStatusTest, HasTheSameAsStat) {
  Child child(SleepForEver);
  std::optional<ProcStatus> status = ReadProcStatus(child.pid());
  ASSERT_TRUE(status);
  EXPECT_EQ(status->stat.parent, getpid());
  EXPECT_GT(status->stat.rss_bytes, 0u);
  EXPECT_EQ(status->user, getuid());
  EXPECT_EQ(status->tracer, 0);
  EXPECT_FALSE(ReadProcStatus(1 << 30));
}

TEST(ProcStatusTest, ANameIsNoField) {
  std::optional<ProcStatus> status = ParseProcStatus(
      "Name:\tUid: 0 PPid:\\nPPid:\t7\nState:\tS (sleeping)\nPPid:\t42\nUid:\t4242\t0\t0\t0\n");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->stat.parent, 42);
  EXPECT_EQ(status->user, 4242u);
  EXPECT_FALSE(ParseProcStatus(""));
}

}  // namespace
}  // namespace reloc
