#include "daemon/metrics/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reloc {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(HttpTest, ARequestIsCompleteWithItsHeader) {
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (size_t size = 0; size < request.size(); ++size) {
    EXPECT_EQ(ParseHttpRequest(request.substr(0, size)).status, 0) << size;
  }
  EXPECT_EQ(ParseHttpRequest(request).status, 200);
}

TEST(HttpTest, OnlyTheMetricsAreThere) {
  EXPECT_EQ(ParseHttpRequest("GET /metrics?format=text HTTP/1.0\r\n\r\n").status, 200);
  EXPECT_EQ(ParseHttpRequest("GET / HTTP/1.1\r\n\r\n").status, 404);
  EXPECT_EQ(ParseHttpRequest("GET /metrics/../etc HTTP/1.1\r\n\r\n").status, 404);
  EXPECT_EQ(ParseHttpRequest("POST /metrics HTTP/1.1\r\n\r\n").status, 405);
}

TEST(HttpTest, NonsenseIsRefused) {
  EXPECT_EQ(ParseHttpRequest("\r\n\r\n").status, 400);
  EXPECT_EQ(ParseHttpRequest("GET /metrics\r\n\r\n").status, 400);
  EXPECT_EQ(ParseHttpRequest("GET  /metrics HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(ParseHttpRequest(std::string("\0\xff \r\n\r\n", 7)).status, 400);
  EXPECT_EQ(ParseHttpRequest(std::string(kMaxHttpRequestBytes, 'a')).status, 431);
}

TEST(HttpTest, AResponseHasItsLengthAndAHeadHasNoBody) {
  EXPECT_THAT(HttpResponse({200, false}, "up 1\n"),
              testing::AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Length: 5\r\n"),
                             HasSubstr("text/plain; version=0.0.4"), EndsWith("\r\n\r\nup 1\n")));
  EXPECT_THAT(HttpResponse({200, true}, "up 1\n"),
              testing::AllOf(HasSubstr("\r\nContent-Length: 5\r\n"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(HttpResponse({405, false}, ""), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
  EXPECT_THAT(HttpResponse({404, false}, ""), EndsWith("\r\n\r\nNot Found: the metrics are at /metrics\n"));
}

}  // namespace
}  // namespace reloc
