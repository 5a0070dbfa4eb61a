#include "daemon/metrics/listen_address.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

TEST(ListenAddressTest, LoopbackAndUnixSockets) {
  for (const char* text : {"127.0.0.1:9000", "127.1.2.3:0", "[::1]:65535"}) {
    absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(HostPort(address->address), text);
    EXPECT_EQ(address->socket_path, "");
  }
  EXPECT_EQ(ParseListenAddress("unix:/run/x y/relocd.sock")->socket_path, "/run/x y/relocd.sock");
}

TEST(ListenAddressTest, NothingElse) {
  for (const char* text : {"",
                           ":",
                           "9000",
                           ":9000",
                           "0.0.0.0:9000",
                           "128.0.0.1:9000",
                           "10.0.0.1:9000",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:http",
                           "127.1:9000",
                           "localhost:9000",
                           "::1:9000",
                           "[::]:9000",
                           "[::1]",
                           "[fe80::1]:9000",
                           "unix:",
                           "unix:relative",
                           "http://127.0.0.1:9000"}) {
    absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    EXPECT_FALSE(address.ok()) << text;
    EXPECT_NE(address.status().message().find(text), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace reloc
