#include "reloc/launch/daemon_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

std::string DirFor(std::string dir, std::string runtime) {
  std::string a = "RELOCD_DIR=" + dir;
  std::string b = "XDG_RUNTIME_DIR=" + runtime;
  const char* envp[3] = {nullptr, nullptr, nullptr};
  int used = 0;
  if (!dir.empty()) envp[used++] = a.c_str();
  if (!runtime.empty()) envp[used++] = b.c_str();
  PathText path;
  EXPECT_TRUE(DaemonDir(envp, &path).ok());
  return path.c_str();
}

std::string Fallback() { return "/tmp/relocd-" + std::to_string(geteuid()); }

TEST(DaemonDir, OrderOfPlaces) {
  TempDir runtime;
  EXPECT_EQ(DirFor("/chosen", runtime.path()), "/chosen");
  EXPECT_EQ(DirFor("", runtime.path()), runtime.path() + "/relocd");
  EXPECT_EQ(DirFor("", ""), Fallback());
}

TEST(DaemonDir, StaleOrOpenRuntimeDirsAreNotUsed) {
  TempDir runtime;
  ASSERT_EQ(chmod(runtime.path().c_str(), 0755), 0);
  EXPECT_EQ(DirFor("", runtime.path()), Fallback());
  EXPECT_EQ(DirFor("", "/nonexistent/runtime"), Fallback());
  EXPECT_EQ(DirFor("", "relative"), Fallback());
}

TEST(DaemonDir, OpensOnlyWhatNobodyElseCanChange) {
  TempDir temp;
  EXPECT_TRUE(OpenDaemonDir(temp.path().c_str()).ok());
  EXPECT_EQ(OpenDaemonDir((temp / "missing").c_str()).error().value, ENOENT);
  ASSERT_EQ(symlink(temp.path().c_str(), (temp / "link").c_str()), 0);
  EXPECT_EQ(OpenDaemonDir((temp / "link").c_str()).error().value, EPERM);
  ASSERT_EQ(mkdir((temp / "open").c_str(), 0700), 0);
  ASSERT_EQ(chmod((temp / "open").c_str(), 0777), 0);
  EXPECT_EQ(OpenDaemonDir((temp / "open").c_str()).error().value, EPERM);
}

TEST(DaemonDir, TellsWhatIsWrong) {
  TempDir temp;
  DirReport report;
  EXPECT_TRUE(OpenDaemonDir((temp.path() + "//").c_str(), &report).ok());
  EXPECT_EQ(report.fault, DirFault::kNone);
  EXPECT_EQ(report.owner, geteuid());
  EXPECT_EQ(report.mode & 07777, 0700U);
  EXPECT_FALSE(OpenDaemonDir((temp / "missing/relocd").c_str(), &report).ok());
  EXPECT_EQ(report.fault, DirFault::kUnreachable);
  ASSERT_EQ(mkfifo((temp / "fifo").c_str(), 0600), 0);
  EXPECT_FALSE(OpenDaemonDir((temp / "fifo").c_str(), &report).ok());
  EXPECT_EQ(report.fault, DirFault::kNotDirectory);
  ASSERT_EQ(mkdir((temp / "open").c_str(), 0700), 0);
  ASSERT_EQ(chmod((temp / "open").c_str(), 0777), 0);
  EXPECT_FALSE(OpenDaemonDir((temp / "open").c_str(), &report).ok());
  EXPECT_EQ(report.fault, DirFault::kWritable);
  // Mounts of root, wherever this runs.
  EXPECT_EQ(OpenDaemonDir("/proc", &report).error().value, EPERM);
  EXPECT_EQ(report.fault, DirFault::kMount);
}

TEST(DaemonDir, RelativePlaces) {
  TempDir temp;
  ASSERT_EQ(chdir(temp.path().c_str()), 0);
  ASSERT_EQ(mkdir("daemon", 0700), 0);
  EXPECT_TRUE(OpenDaemonDir("daemon").ok());
  EXPECT_TRUE(OpenDaemonDir("./daemon/").ok());
  EXPECT_EQ(OpenDaemonDir("missing").error().value, ENOENT);
  ASSERT_EQ(chdir("/"), 0);
}

}  // namespace
}  // namespace reloc
