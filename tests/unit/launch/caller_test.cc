#include "reloc/launch/caller.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reloc {
namespace {

TEST(CallerContext, IsStable) {
  Result<CallerContext> a = ReadCallerContext();
  Result<CallerContext> b = ReadCallerContext();
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(*a, *b);
  struct stat st;
  ASSERT_EQ(stat("/proc/self/ns/mnt", &st), 0);
  EXPECT_EQ(a->mount_ns, st.st_ino);
  ASSERT_EQ(stat("/", &st), 0);
  EXPECT_EQ(a->root.inode, st.st_ino);
}

TEST(CallerContext, TellsAnotherMountNamespace) {
  Result<CallerContext> here = ReadCallerContext();
  ASSERT_TRUE(here.ok());
  pid_t pid = fork();
  if (pid == 0) {
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(2);
    Result<CallerContext> there = ReadCallerContext();
    _exit(there.ok() && !(*there == *here) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "user namespaces are off here (user.max_user_namespaces)";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace reloc
