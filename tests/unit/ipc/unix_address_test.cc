#include "reloc/ipc/unix_address.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "reloc/base/file.h"
#include "reloc/base/unique_fd.h"

namespace reloc {
namespace {

class UnixAddressTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "addressXXXXXX";
    ASSERT_NE(mkdtemp(path_.data()), nullptr);
    directory_ = *Open(path_.c_str(), O_PATH | O_DIRECTORY);
    listener_.Reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    client_.Reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  void TearDown() override {
    unlink((path_ + "/name").c_str());
    rmdir(path_.c_str());
  }
  bool Bind(const UnixAddress& address) {
    return bind(listener_.get(), address.get(), address.size()) == 0 && listen(listener_.get(), 1) == 0;
  }
  bool Connect(const UnixAddress& address) {
    return connect(client_.get(), address.get(), address.size()) == 0;
  }

  std::string path_;
  UniqueFd directory_, listener_, client_;
};

TEST_F(UnixAddressTest, NamesASocketInAnOpenDirectory) {
  ASSERT_TRUE(Bind(UnixAddress(directory_.get(), "name")));
  EXPECT_EQ(access((path_ + "/name").c_str(), F_OK), 0);
  EXPECT_TRUE(Connect(UnixAddress(directory_.get(), "name")));
}

TEST_F(UnixAddressTest, NamesTheSamePlaceByItsPath) {
  ASSERT_TRUE(Bind(UnixAddress(directory_.get(), "name")));
  EXPECT_TRUE(Connect(UnixAddress(path_ + "/name")));
}

TEST_F(UnixAddressTest, NamesAnAbstractSocketAfterAnAt) {
  const std::string name = "@reloc-test-" + std::to_string(getpid());
  ASSERT_TRUE(Bind(UnixAddress(name)));
  EXPECT_NE(access(name.c_str(), F_OK), 0);
  EXPECT_TRUE(Connect(UnixAddress(name)));
}

TEST(UnixAddress, IsNotValidWithoutRoomForIt) {
  EXPECT_FALSE(UnixAddress("").valid());
  EXPECT_FALSE(UnixAddress("@").valid());
  EXPECT_TRUE(UnixAddress(std::string(107, 'x')).valid());
  EXPECT_FALSE(UnixAddress(std::string(108, 'x')).valid());
}

TEST(PeerOf, IsWhoMadeThePair) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  UniqueFd ours(pair[0]), theirs(pair[1]);
  ASSERT_TRUE(PeerOf(ours.get()).ok());
  EXPECT_EQ(PeerOf(ours.get())->pid, getpid());
  EXPECT_TRUE(IsPeerTrusted(ours.get()));
}

TEST(PeerOf, FailsForWhatIsNoSocket) {
  UniqueFd file = *Open("/dev/null", O_RDONLY);
  EXPECT_EQ(PeerOf(file.get()).error().value, ENOTSOCK);
  EXPECT_FALSE(IsPeerTrusted(file.get()));
}

}  // namespace
}  // namespace reloc
