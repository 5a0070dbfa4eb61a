// Messages of any length over a stream socket, each after its length.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reloc/base/result.h"

namespace reloc {

// Both wait until `deadline` (MonotonicNow(); InfiniteDuration() for ever), on a socket that may be
// non-blocking. ETIMEDOUT: it is past; EPIPE: the other end is gone. After an error the socket is of no use.
Errno SendFrame(int socket, absl::string_view bytes, absl::Duration deadline);
// EMSGSIZE: longer than any message.
Errno ReceiveFrame(int socket, std::string* bytes, absl::Duration deadline);

}  // namespace reloc
