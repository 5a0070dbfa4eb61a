#include "daemon/metrics/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "tests/unit/daemon/fixture.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

using testing::EndsWith;
using testing::StartsWith;

class MetricsServerTest : public testing::Test {
 protected:
  void Listen(const std::string& address = "127.0.0.1:0") { server_ = *Open(address); }
  absl::StatusOr<std::unique_ptr<MetricsServer>> Open(const std::string& address) {
    return MetricsServer::Create(loop_.get(), *ParseListenAddress(address), [this] { return text_; });
  }
  UniqueFd Connect() const {
    uint32_t port = 0;
    std::string url = server_->url().substr(0, server_->url().rfind('/'));
    EXPECT_TRUE(absl::SimpleAtoi(url.substr(url.rfind(':') + 1), &port)) << url;
    ListenAddress to = *ParseListenAddress("127.0.0.1:" + std::to_string(port));
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(socket.get(), reinterpret_cast<struct sockaddr*>(&to.address), to.size);
    return socket;
  }
  // Sends `request`, and returns what comes until the server is done.
  std::string Ask(int socket, const std::string& request) {
    RunUntil(*loop_, [&] { return ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0; });
    std::string answer;
    RunUntil(*loop_, [&] {
      char bytes[65536];
      ssize_t size = ::recv(socket, bytes, sizeof bytes, 0);
      if (size > 0) answer.append(bytes, static_cast<size_t>(size));
      return size == 0 || (size < 0 && errno != EAGAIN);
    });
    return answer;
  }
  static constexpr const char* kGet = "GET /metrics HTTP/1.1\r\n\r\n";

  TempDir temp_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::Create();
  std::string text_ = "up 1\n";
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, ShowsTheTextAsItIsNow) {
  Listen();
  EXPECT_THAT(Ask(Connect().get(), kGet), EndsWith("\r\n\r\nup 1\n"));
  text_ = "up 2\n";
  EXPECT_THAT(Ask(Connect().get(), kGet), EndsWith("\r\n\r\nup 2\n"));
}

TEST_F(MetricsServerTest, ALargeTextArrivesWhole) {
  text_ = std::string(8 << 20, 'x');
  Listen();
  std::string answer = Ask(Connect().get(), kGet);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(absl::EndsWith(answer, text_));
}

TEST_F(MetricsServerTest, OthersAreServedWhileOneIsSilent) {
  Listen();
  UniqueFd silent = Connect();
  UniqueFd half = Connect();
  ::send(half.get(), "GET /met", 8, MSG_NOSIGNAL);
  EXPECT_THAT(Ask(Connect().get(), kGet), EndsWith("up 1\n"));
  EXPECT_THAT(Ask(half.get(), "rics HTTP/1.1\r\n\r\n"), EndsWith("up 1\n"));
}

TEST_F(MetricsServerTest, ACrowdIsSentAwayAndLeavesRoom) {
  Listen();
  std::vector<UniqueFd> crowd;
  for (int i = 0; i < 40; ++i) crowd.push_back(Connect());
  EXPECT_EQ(Ask(crowd.back().get(), kGet), "");
  crowd.clear();
  EXPECT_TRUE(RunUntil(*loop_, [this] { return absl::EndsWith(Ask(Connect().get(), kGet), "up 1\n"); }));
}

TEST_F(MetricsServerTest, AUnixSocketIsTheUsersAlone) {
  const std::string path = temp_ / "metrics.sock";
  Listen("unix:" + path);
  struct stat st;
  ASSERT_EQ(::stat(path.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  struct sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  strncpy(to.sun_path, path.c_str(), sizeof to.sun_path - 1);
  ASSERT_EQ(::connect(socket.get(), reinterpret_cast<struct sockaddr*>(&to), sizeof to), 0);
  EXPECT_THAT(Ask(socket.get(), kGet), EndsWith("up 1\n"));
  server_.reset();
  EXPECT_NE(::stat(path.c_str(), &st), 0);
}

TEST_F(MetricsServerTest, AFileIsNotReplacedByASocket) {
  const std::string path = temp_ / "notes";
  std::ofstream(path) << "mine";
  absl::Status refused = Open("unix:" + path).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), StartsWith(path));
  std::string kept;
  std::ifstream(path) >> kept;
  EXPECT_EQ(kept, "mine");
}

TEST_F(MetricsServerTest, AnAddressInUseIsNamed) {
  Listen();
  std::string taken = server_->url().substr(strlen("http://"));
  absl::Status refused = Open(taken.substr(0, taken.find('/'))).status();
  EXPECT_THAT(std::string(refused.message()), StartsWith("cannot listen on 127.0.0.1:"));
}

}  // namespace
}  // namespace reloc
