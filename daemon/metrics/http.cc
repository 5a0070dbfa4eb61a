#include "daemon/metrics/http.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reloc {
namespace {

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Bad Request";
  }
}

// "GET /metrics HTTP/1.1"; a query is let pass.
HttpRequest ParseRequestLine(absl::string_view line) {
  std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 3 || !absl::StartsWith(words[2], "HTTP/1.")) return {400, false};
  const bool head = words[0] == "HEAD";
  if (words[0] != "GET" && !head) return {405, false};
  absl::string_view path = words[1].substr(0, words[1].find('?'));
  return {path == "/metrics" ? 200 : 404, head};
}

}  // namespace

HttpRequest ParseHttpRequest(absl::string_view received) {
  if (!absl::StrContains(received, "\r\n\r\n")) {
    return {received.size() < kMaxHttpRequestBytes ? 0 : 431, false};
  }
  return ParseRequestLine(received.substr(0, received.find("\r\n")));
}

std::string HttpResponse(const HttpRequest& request, const std::string& body) {
  const bool ok = request.status == 200;
  const std::string text =
      ok ? body : absl::StrCat(Reason(request.status), ": the metrics are at /metrics\n");
  // The version is that of the text format; newer servers insist on it.
  return absl::StrCat("HTTP/1.1 ", request.status, " ", Reason(request.status), "\r\n",
                      "Content-Type: text/plain", ok ? "; version=0.0.4" : "", "; charset=utf-8\r\n",
                      "Content-Length: ", text.size(), "\r\n",
                      request.status == 405 ? "Allow: GET, HEAD\r\n" : "", "Connection: close\r\n\r\n",
                      request.head ? "" : text);
}

}  // namespace reloc
