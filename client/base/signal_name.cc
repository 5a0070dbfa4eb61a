#include "client/base/signal_name.h"

#include <signal.h>
#include <string.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reloc/hosted/suggest.h"

namespace reloc {
namespace {

// Parses RTMIN+N and RTMAX-N, as kill(1) does; returns 0 for anything else.
int RealTimeSignal(absl::string_view name) {
  int number = 0, signal = 0;
  if (absl::ConsumePrefix(&name, "RTMIN")) {
    if (!name.empty() && (name[0] != '+' || !absl::SimpleAtoi(name.substr(1), &number))) return 0;
    signal = SIGRTMIN + number;
  } else if (absl::ConsumePrefix(&name, "RTMAX")) {
    if (!name.empty() && (name[0] != '-' || !absl::SimpleAtoi(name.substr(1), &number))) return 0;
    signal = SIGRTMAX - number;
  }
  return number >= 0 && signal >= SIGRTMIN && signal <= SIGRTMAX ? signal : 0;
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    if (const char* name = ::sigabbrev_np(signal); name != nullptr) names.emplace_back(name);
  }
  return names;
}

}  // namespace

absl::StatusOr<int> ParseSignal(const std::string& text) {
  int signal = 0;
  if (absl::SimpleAtoi(text, &signal)) {
    if (signal >= 0 && signal <= SIGRTMAX) return signal;
    return absl::InvalidArgumentError(
        absl::StrCat("there is no signal ", text, "; they go up to ", SIGRTMAX));
  }
  std::string upper = absl::AsciiStrToUpper(text);
  std::string name(absl::StripPrefix(upper, "SIG"));
  for (signal = 1; signal < SIGRTMIN; ++signal) {
    const char* known = ::sigabbrev_np(signal);
    if (known != nullptr && name == known) return signal;
  }
  if (signal = RealTimeSignal(name); signal != 0) return signal;
  return absl::InvalidArgumentError(
      absl::StrCat("there is no signal '", text, "'", DidYouMean(name, Names())));
}

}  // namespace reloc
