#include "reloc/launch/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "reloc/base/unique_fd.h"

namespace reloc {
namespace {

TEST(Descriptors, AreListedInAscendingOrder) {
  UniqueFd low(open("/dev/null", O_RDONLY));
  UniqueFd high(fcntl(low.get(), F_DUPFD_CLOEXEC, 200));
  Arena arena;
  Result<std::span<int>> open = ListDescriptors(&arena);
  ASSERT_TRUE(open.ok());
  EXPECT_TRUE(std::is_sorted(open->begin(), open->end()));
  EXPECT_TRUE(std::binary_search(open->begin(), open->end(), low.get()));
  EXPECT_TRUE(std::binary_search(open->begin(), open->end(), high.get()));
  for (int fd : *open) EXPECT_NE(fcntl(fd, F_GETFD), -1) << fd << ", which was open for the listing alone";
}

TEST(Descriptors, AllButSomeAreClosed) {
  UniqueFd keep(open("/dev/null", O_RDONLY)), close(open("/dev/null", O_RDONLY));
  pid_t child = fork();
  if (child == 0) {
    int kept[] = {keep.get()};
    Arena arena;
    bool right = CloseAllDescriptorsBut(kept, &arena).ok() && fcntl(keep.get(), F_GETFD) != -1 &&
                 fcntl(close.get(), F_GETFD) == -1 && fcntl(STDERR_FILENO, F_GETFD) == -1;
    _exit(right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace reloc
