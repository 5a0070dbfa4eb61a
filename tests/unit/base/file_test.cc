#include "reloc/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace reloc {
namespace {

TEST(File, SmallFilesAreReadWholeOrNotAtAll) {
  FixedText<64> text;
  EXPECT_TRUE(ReadSmallFile("/proc/sys/kernel/ostype", &text).ok());
  EXPECT_EQ(text.view(), "Linux\n");
  FixedText<4> small;
  EXPECT_EQ(ReadSmallFile("/proc/sys/kernel/ostype", &small).value, EFBIG);
  EXPECT_EQ(ReadSmallFile("/nonexistent", &text).value, ENOENT);
}

TEST(File, IdentityIsTheInodeNotTheName) {
  Result<FileId> name = IdentifyAt(AT_FDCWD, "/proc/self/exe");
  Result<UniqueFd> fd = Open("/proc/self/exe", O_RDONLY);
  ASSERT_TRUE(name.ok() && fd.ok());
  Result<FileId> open = Identify(fd->get());
  ASSERT_TRUE(open.ok());
  EXPECT_EQ(*name, *open);
}

TEST(File, DescriptorsAreCloseOnExec) {
  Result<UniqueFd> fd = Open("/", O_PATH);
  ASSERT_TRUE(fd.ok());
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
}

// Runs in a child: descriptors 0-2 are closed.
TEST(File, ReservedStandardFdsKeepOurFilesOutOfThem) {
  for (int closed = 0; closed < 8; ++closed) {
    pid_t pid = fork();
    if (pid == 0) {
      for (int fd = 0; fd <= 2; ++fd) {
        if ((closed >> fd & 1) != 0) close(fd);
      }
      bool ok = ReserveStandardFds().ok();
      Result<UniqueFd> next = Open("/", O_PATH);
      ok = ok && next.ok() && next->get() > 2;
      ok = ok && ((closed & 4) == 0 || (write(2, "x", 1) < 0 && errno == EBADF));
      _exit(ok ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "closed set " << closed;
  }
}

}  // namespace
}  // namespace reloc
