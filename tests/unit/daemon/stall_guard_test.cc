#include "daemon/proc/stall_guard.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>

namespace reloc {
namespace {

constexpr absl::Duration kLong = absl::Seconds(30);

// A read that blocks, until it is destroyed, for one of the processes.
class Blocked {
 public:
  Blocked() { EXPECT_EQ(pipe(pipe_->fds), 0); }
  ~Blocked() { close(pipe_->fds[1]); }
  std::function<int(pid_t)> reading() const {
    return [pipe = pipe_](pid_t pid) {
      char byte;
      if (pid == 2) (void)!read(pipe->fds[0], &byte, 1);
      return pid * 10;
    };
  }

 private:
  struct Pipe {
    int fds[2];
  };
  std::shared_ptr<Pipe> pipe_ = std::make_shared<Pipe>();
};

using Values = absl::flat_hash_map<pid_t, int>;

TEST(StallGuardTest, ReadsEach) {
  StallGuard guard(kLong, kLong);
  EXPECT_EQ(guard.ReadEach<int>({1, 3}, [](pid_t pid) { return pid * 10; }), (Values{{1, 10}, {3, 30}}));
  EXPECT_TRUE(guard.ReadEach<int>({}, [](pid_t pid) { return pid; }).empty());
  EXPECT_TRUE(guard.complete());
}

TEST(StallGuardTest, OneThatBlocksIsLeftOutAndCostsItsTimeOnce) {
  Blocked blocked;
  StallGuard guard(absl::Milliseconds(200), kLong);
  EXPECT_EQ(guard.ReadEach<int>({1, 2, 3}, blocked.reading()), (Values{{1, 10}, {3, 30}}));
  EXPECT_FALSE(guard.complete());
  // Nothing reads of it now, as long as the first read waits.
  guard.Begin();
  std::atomic<bool> asked = false;
  EXPECT_EQ(guard.ReadEach<int>({2, 3},
                                [&](pid_t pid) {
                                  if (pid == 2) asked = true;
                                  return pid;
                                }),
            (Values{{3, 3}}));
  EXPECT_FALSE(asked);
  EXPECT_FALSE(guard.complete());
  // But what does not block, if it is asked for.
  EXPECT_EQ(guard.ReadEach<int>(
                {2}, [](pid_t pid) { return pid; }, 2),
            (Values{{2, 2}}));
}

TEST(StallGuardTest, OneThatGoesOnIsReadAgain) {
  StallGuard guard(absl::Milliseconds(200), kLong);
  auto blocked = std::make_unique<Blocked>();
  EXPECT_EQ(guard.ReadEach<int>({2, 3}, blocked->reading()), (Values{{3, 30}}));
  blocked.reset();
  Values found;
  for (int i = 0; i < 1000 && found.empty(); ++i) {
    usleep(10'000);
    found = guard.ReadEach<int>({2}, [](pid_t pid) { return pid; });
  }
  EXPECT_EQ(found, (Values{{2, 2}}));
  guard.Begin();
  EXPECT_TRUE(guard.complete());
}

TEST(StallGuardTest, AllTogetherHaveADeadline) {
  Blocked blocked;
  StallGuard guard(absl::Milliseconds(200), absl::ZeroDuration());
  EXPECT_TRUE(guard.ReadEach<int>({2, 3}, blocked.reading()).empty());
  EXPECT_FALSE(guard.complete());
}

}  // namespace
}  // namespace reloc
