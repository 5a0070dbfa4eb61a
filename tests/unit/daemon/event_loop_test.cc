#include "daemon/base/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "daemon/base/mailbox.h"
#include "daemon/base/timer.h"
#include "tests/unit/daemon/fixture.h"

namespace reloc {
namespace {

class EventLoopTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loop = EventLoop::Create();
    ASSERT_TRUE(loop.ok());
    loop_ = *std::move(loop);
    for (auto& pipe : pipes_) {
      int ends[2];
      ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
      pipe.read.Reset(ends[0]);
      pipe.write.Reset(ends[1]);
    }
  }
  struct Pipe {
    UniqueFd read, write;
    void Ring() const { ASSERT_EQ(::write(write.get(), "x", 1), 1); }
  };

  std::unique_ptr<EventLoop> loop_;
  Pipe pipes_[2];
};

TEST_F(EventLoopTest, AHandlerMayForgetAndCloseItself) {
  int calls = 0;
  ASSERT_TRUE(loop_
                  ->Watch(pipes_[0].read.get(), EPOLLIN,
                          [&](uint32_t) {
                            ++calls;
                            loop_->Forget(pipes_[0].read.get());
                            pipes_[0].read.Reset();
                          })
                  .ok());
  pipes_[0].Ring();
  loop_->RunOnce(0);
  loop_->RunOnce(0);
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, AnEventOfAForgottenDescriptorIsNotDelivered) {
  int calls = 0;
  for (int i : {0, 1}) {
    // Whichever comes first forgets the other one, whose event is there too.
    ASSERT_TRUE(loop_
                    ->Watch(pipes_[i].read.get(), EPOLLIN,
                            [&, i](uint32_t) {
                              ++calls;
                              loop_->Forget(pipes_[1 - i].read.get());
                              loop_->Forget(pipes_[i].read.get());
                            })
                    .ok());
    pipes_[i].Ring();
  }
  for (int i = 0; i < 3; ++i) loop_->RunOnce(0);
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, ATimerFiresOnceAndCanBeDisarmed) {
  int fired = 0;
  auto timer = Timer::Create(loop_.get(), [&] { ++fired; });
  ASSERT_TRUE(timer.ok());
  (*timer)->Arm(absl::ZeroDuration());
  EXPECT_TRUE(RunUntil(*loop_, [&] { return fired == 1; }));
  EXPECT_FALSE((*timer)->armed());
  (*timer)->Arm(absl::Milliseconds(1));
  (*timer)->Disarm();
  for (int i = 0; i < 5; ++i) loop_->RunOnce(2);
  EXPECT_EQ(fired, 1);
}

TEST_F(EventLoopTest, ACrowdIsServedToTheLast) {
  constexpr size_t kEvents = 20000;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  UniqueFd reader(ends[0]), writer(ends[1]);
  size_t read = 0;
  ASSERT_TRUE(loop_
                  ->Watch(reader.get(), EPOLLIN,
                          [&](uint32_t) {
                            char byte;
                            read += ::read(reader.get(), &byte, 1) == 1 ? 1 : 0;
                            if (read == kEvents) loop_->Stop();
                          })
                  .ok());
  std::thread crowd([&] {
    for (size_t sent = 0; sent < kEvents;) {
      ssize_t n = ::write(writer.get(), "0123456789", std::min<size_t>(10, kEvents - sent));
      if (n > 0) {
        sent += static_cast<size_t>(n);
      } else {
        std::this_thread::yield();
      }
    }
  });
  loop_->Run();
  crowd.join();
  EXPECT_EQ(read, kEvents);
}

TEST_F(EventLoopTest, AMailboxRunsWorkOnTheLoopsThread) {
  auto mailbox = Mailbox::Create(loop_.get());
  ASSERT_TRUE(mailbox.ok());
  std::thread::id ran_on;
  std::atomic<bool> returned = false;
  std::thread other([&] {
    EXPECT_TRUE((*mailbox)->Run([&] { ran_on = std::this_thread::get_id(); }));
    returned = true;
  });
  EXPECT_TRUE(RunUntil(*loop_, [&] { return returned.load(); }));
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(EventLoopTest, NobodyWaitsForAClosedMailbox) {
  auto mailbox = Mailbox::Create(loop_.get());
  ASSERT_TRUE(mailbox.ok());
  std::vector<std::thread> others;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 8; ++i) {
    others.emplace_back([&] {
      while ((*mailbox)->Run([&] { ++answered; })) {
      }
    });
  }
  EXPECT_TRUE(RunUntil(*loop_, [&] { return answered > 100; }));
  (*mailbox)->Close();  // the loop does not run any more
  for (std::thread& other : others) other.join();
  int before = answered;
  EXPECT_FALSE((*mailbox)->Run([&] { ++answered; }));
  EXPECT_EQ(answered, before);
}

}  // namespace
}  // namespace reloc
