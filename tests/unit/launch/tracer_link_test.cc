#include "reloc/launch/tracer_link.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

namespace reloc {
namespace {

class TracerLink : public testing::Test {
 protected:
  TracerLink() {
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    here_.Reset(pair[0]);
    there_.Reset(pair[1]);
  }
  UniqueFd here_, there_;
};

TEST_F(TracerLink, CarriesMessagesAndDescriptors) {
  UniqueFd null(open("/dev/null", O_RDONLY));
  ASSERT_TRUE(SendTrace(here_.get(), {TraceEvent::kDescriptor, 7}, null.get()).ok());
  ASSERT_TRUE(SendTrace(here_.get(), {TraceEvent::kSignal, SIGTERM}).ok());
  TraceMessage message{};
  UniqueFd attached;
  ASSERT_TRUE(ReceiveTrace(there_.get(), &message, &attached).ok());
  EXPECT_EQ(message.event, TraceEvent::kDescriptor);
  EXPECT_EQ(message.value, 7);
  EXPECT_EQ(*Identify(attached.get()), *Identify(null.get()));
  EXPECT_EQ(fcntl(attached.get(), F_GETFD), FD_CLOEXEC);
  ASSERT_TRUE(ReceiveTrace(there_.get(), &message, &attached).ok());
  EXPECT_EQ(message.value, SIGTERM);
  EXPECT_FALSE(attached.valid());
}

TEST_F(TracerLink, TellsWhenTheOtherEndIsGone) {
  there_.Reset();
  TraceMessage message{};
  EXPECT_EQ(ReceiveTrace(here_.get(), &message).value, EPIPE);
  EXPECT_EQ(SendTrace(here_.get(), message).value, EPIPE);
}

TEST_F(TracerLink, RefusesWhatIsNoMessage) {
  ASSERT_EQ(send(here_.get(), "x", 1, 0), 1);
  TraceMessage message{};
  EXPECT_FALSE(ReceiveTrace(there_.get(), &message).ok());
}

TEST(SignalMask, HasAllSignalsOfTheKernel) {
  uint64_t before = SetSignalMask(kAllSignals);
  sigset_t set;
  ASSERT_EQ(sigprocmask(SIG_BLOCK, nullptr, &set), 0);
  EXPECT_EQ(sigismember(&set, SIGRTMIN), 1);
  uint64_t all = SetSignalMask(before);
  EXPECT_EQ(all | SignalBit(SIGKILL) | SignalBit(SIGSTOP), kAllSignals);
}

}  // namespace
}  // namespace reloc
