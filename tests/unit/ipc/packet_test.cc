#include "reloc/ipc/packet.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "reloc/base/file.h"

namespace reloc {
namespace {

size_t OpenDescriptors() {
  auto listing = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(listing), end(listing)));
}

class PacketTest : public testing::Test {
 protected:
  void SetUp() override { Connect(SOCK_SEQPACKET); }
  void Connect(int type) {
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
    ours_.Reset(pair[0]);
    theirs_.Reset(pair[1]);
  }
  // By hand: SendPacket would refuse so many.
  void SendDescriptors(size_t count) {
    std::vector<int> fds(count, ours_.get());
    std::vector<char> control(CMSG_SPACE(count * sizeof(int)));
    struct iovec data = {const_cast<char*>("x"), 1};
    struct msghdr header = {};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    struct cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(c), fds.data(), count * sizeof(int));
    ASSERT_EQ(sendmsg(theirs_.get(), &header, 0), 1);
  }

  UniqueFd ours_, theirs_;
  char memory_[64];
};

TEST_F(PacketTest, ADatagramTellsWhoSentIt) {
  Connect(SOCK_DGRAM);
  const int on = 1;
  ASSERT_EQ(setsockopt(ours_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
  Packet packet;
  SendDescriptors(2);
  ASSERT_TRUE(ReceivePacket(ours_.get(), memory_, &packet).ok());
  EXPECT_EQ(packet.fds.size(), 2u);
  ASSERT_TRUE(packet.sender);
  EXPECT_EQ(packet.sender->pid, getpid());
  EXPECT_EQ(packet.sender->uid, getuid());
}

TEST_F(PacketTest, BytesAndDescriptorsArrive) {
  int fds[] = {ours_.get(), theirs_.get()};
  ASSERT_TRUE(SendPacket(theirs_.get(), "hello", fds).ok());
  Packet packet;
  ASSERT_TRUE(ReceivePacket(ours_.get(), memory_, &packet).ok());
  EXPECT_EQ(string_view(memory_, packet.size), "hello");
  ASSERT_EQ(packet.fds.size(), 2u);
  EXPECT_EQ(*Identify(packet.fds[0].get()), *Identify(ours_.get()));
  EXPECT_NE(fcntl(packet.fds[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_FALSE(packet.truncated);
}

TEST_F(PacketTest, MoreDescriptorsThanWantedAreReportedAndClosed) {
  size_t before = OpenDescriptors();
  for (size_t count : {5, 64, 253}) {
    SendDescriptors(count);
    Packet packet;
    ASSERT_TRUE(ReceivePacket(ours_.get(), memory_, &packet).ok());
    EXPECT_TRUE(packet.truncated) << count;
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(PacketTest, AMessageThatIsTooLongIsReported) {
  ASSERT_TRUE(SendPacket(theirs_.get(), std::string(65, 'x')).ok());
  Packet packet;
  ASSERT_TRUE(ReceivePacket(ours_.get(), memory_, &packet).ok());
  EXPECT_TRUE(packet.truncated);
}

TEST_F(PacketTest, NothingIsWaitedFor) {
  Packet packet;
  EXPECT_EQ(ReceivePacket(ours_.get(), memory_, &packet).value, EAGAIN);
  Errno e = kOk;
  for (int i = 0; i < 100000 && e.ok(); ++i) e = SendPacket(theirs_.get(), "x");
  EXPECT_EQ(e.value, EAGAIN);
}

TEST_F(PacketTest, APeerThatIsGoneIsAnEmptyPacket) {
  theirs_.Reset();
  Packet packet;
  ASSERT_TRUE(ReceivePacket(ours_.get(), memory_, &packet).ok());
  EXPECT_EQ(packet.size, 0u);
  EXPECT_EQ(SendPacket(ours_.get(), "x").value, EPIPE);
}

}  // namespace
}  // namespace reloc
