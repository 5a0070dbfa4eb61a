// As much of HTTP/1.1 (RFC 9112) as it takes to be scraped: GET and HEAD of /metrics, one request a
// connection.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace reloc {

inline constexpr size_t kMaxHttpRequestBytes = 8192;

struct HttpRequest {
  int status = 0;  // 0: not complete yet; 200, or what to refuse it with
  bool head = false;
};

// What the bytes that came so far ask for. Header fields are not looked at.
HttpRequest ParseHttpRequest(absl::string_view received);

// The whole response. `body`: if `request` may have it; other responses say what the status means.
std::string HttpResponse(const HttpRequest& request, const std::string& body);

}  // namespace reloc
