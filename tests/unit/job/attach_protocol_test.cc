#include "reloc/job/attach_protocol.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "reloc/base/unique_fd.h"
#include "reloc/job/attach_clients.h"

namespace reloc {
namespace {

struct Sockets {
  UniqueFd near, far;
  Sockets() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    near.Reset(ends[0]);
    far.Reset(ends[1]);
  }
};

class AttachProtocol : public testing::Test {
 protected:
  Errno Receive(int socket) { return ReceiveAttach(socket, memory_, &received_); }

  char memory_[kMaxAttachBytes + 16];
  AttachMessage received_;
};

TEST_F(AttachProtocol, AMessageSurvives) {
  Sockets pair;
  AttachMessage sent{.event = AttachEvent::kInput, .value = -7, .bytes = "typed"};
  sent.size.ws_row = 24;
  sent.size.ws_col = 80;
  ASSERT_TRUE(SendAttach(pair.near.get(), sent).ok());
  ASSERT_TRUE(Receive(pair.far.get()).ok());
  EXPECT_EQ(received_.event, AttachEvent::kInput);
  EXPECT_EQ(received_.value, -7);
  EXPECT_EQ(received_.size.ws_row, 24);
  EXPECT_EQ(received_.size.ws_col, 80);
  EXPECT_EQ(received_.bytes, "typed");
}

TEST_F(AttachProtocol, TheBytesAreFixed) {
  char memory[64];
  AttachMessage message{.event = AttachEvent::kEnded, .value = 0x0102};
  message.size.ws_row = 3;
  message.size.ws_col = 4;
  EXPECT_EQ(EncodeAttach(message, memory), std::string_view("\x01\x26\0\0\x02\x01\0\0\x03\0\x04\0", 12));
}

TEST_F(AttachProtocol, AnotherVersionAndShortMessagesAreRefused) {
  EXPECT_FALSE(DecodeAttach(std::string_view("\x02\x26\0\0\0\0\0\0\0\0\0\0", 12), &received_));
  for (size_t size = 0; size < 12; ++size) {
    EXPECT_FALSE(DecodeAttach(std::string(size, '\x01'), &received_));
  }
  EXPECT_TRUE(DecodeAttach(std::string(12, '\x01'), &received_));
  EXPECT_FALSE(DecodeAttach(std::string(12 + kMaxAttachBytes + 1, '\x01'), &received_));
}

TEST_F(AttachProtocol, TheEndIsTold) {
  Sockets pair;
  ASSERT_TRUE(SendAttach(pair.near.get(), {.event = AttachEvent::kEnded}).ok());
  ASSERT_TRUE(SendAttach(pair.far.get(), {.event = AttachEvent::kInput, .bytes = "never read"}).ok());
  pair.near.Reset();
  // Also if the peer closed without reading everything, what it sent comes first.
  ASSERT_TRUE(Receive(pair.far.get()).ok());
  EXPECT_EQ(received_.event, AttachEvent::kEnded);
  EXPECT_EQ(Receive(pair.far.get()).value, EPIPE);
}

TEST_F(AttachProtocol, AClientThatDoesNotReadIsWaitedForAndGetsAllInOrder) {
  Sockets pair;
  AttachClients clients;
  clients.Add(std::move(pair.near), true);
  int sent = 0;
  while (!clients.AnyBehind()) clients.Send({.event = AttachEvent::kOutput, .value = sent++});
  clients.Send({.event = AttachEvent::kEnded, .value = sent++});
  for (int i = 0; i < sent; ++i) {
    clients.Serve([](AttachClient*, const AttachMessage&) {});
    ASSERT_TRUE(Receive(pair.far.get()).ok());
    EXPECT_EQ(received_.value, i);
  }
  EXPECT_FALSE(clients.AnyBehind());
  EXPECT_FALSE(clients.empty());
}

TEST_F(AttachProtocol, AClientThatSaysNonsenseIsForgotten) {
  Sockets pair;
  AttachClients clients;
  clients.Add(std::move(pair.near), false);
  ASSERT_EQ(send(pair.far.get(), "x", 1, 0), 1);
  clients.Serve([](AttachClient*, const AttachMessage&) { ADD_FAILURE(); });
  EXPECT_TRUE(clients.empty());
}

TEST_F(AttachProtocol, OnlyThoseWhoSaidThatTheyAttachGetOutput) {
  Sockets pair;
  AttachClients clients;
  clients.Add(std::move(pair.near), false);
  clients.Send({.event = AttachEvent::kOutput});
  EXPECT_EQ(Receive(pair.far.get()).value, EAGAIN);
  ASSERT_TRUE(SendAttach(pair.far.get(), {.event = AttachEvent::kAttach}).ok());
  clients.Serve([](AttachClient* client, const AttachMessage&) { client->set_attached(); });
  clients.Send({.event = AttachEvent::kOutput});
  EXPECT_TRUE(Receive(pair.far.get()).ok());
}

}  // namespace
}  // namespace reloc
