#include "reloc/fault/fault.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace reloc::fault {
namespace internal {

bool any_on = false;

}  // namespace internal

namespace {

constexpr const char* kVariable = "RELOC_FAULTS";
constexpr int kHighestErrno = 133;  // EHWPOISON

struct Setting {
  int error = 0;  // 0: off
  uint32_t after = 0;
  uint32_t times = std::numeric_limits<uint32_t>::max();
};

struct State {
  Setting setting;
  std::atomic<uint32_t> calls = 0;
};
State g_states[kPointCount];

constexpr const char* kNames[] = {
#define RELOC_FAULT_NAME(point, name, what) name,
    RELOC_FAULT_POINTS(RELOC_FAULT_NAME)
#undef RELOC_FAULT_NAME
};

std::optional<size_t> FindPoint(absl::string_view name) {
  for (size_t i = 0; i < kPointCount; ++i) {
    if (name == kNames[i]) return i;
  }
  return std::nullopt;
}

// Returns 0 if there is no such name.
int ErrnoByName(absl::string_view name) {
  for (int error = 1; error <= kHighestErrno; ++error) {
    const char* known = ::strerrorname_np(error);
    if (known != nullptr && name == known) return error;
  }
  return 0;
}

absl::Status Mistake(absl::string_view fault, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(kVariable, ": '", fault, "': ", why));
}

bool ParseOption(absl::string_view option, Setting* setting) {
  if (absl::ConsumePrefix(&option, "after=")) return absl::SimpleAtoi(option, &setting->after);
  if (absl::ConsumePrefix(&option, "times=")) return absl::SimpleAtoi(option, &setting->times);
  return false;
}

absl::Status ParseFault(absl::string_view fault, Setting* settings) {
  std::vector<absl::string_view> parts = absl::StrSplit(fault, ':');
  std::pair<absl::string_view, absl::string_view> what = absl::StrSplit(parts[0], absl::MaxSplits('=', 1));
  std::optional<size_t> point = FindPoint(what.first);
  if (!point) return Mistake(fault, absl::StrCat("no such fault; there are ", absl::StrJoin(kNames, " ")));
  Setting setting;
  setting.error = ErrnoByName(what.second);
  if (setting.error == 0) return Mistake(fault, "say which error, as in root.create=ENOSPC");
  for (size_t i = 1; i < parts.size(); ++i) {
    if (!ParseOption(parts[i], &setting))
      return Mistake(fault, "after=N and times=N may follow, and nothing else");
  }
  settings[*point] = setting;
  return absl::OkStatus();
}

}  // namespace

absl::Status SwitchOn(absl::string_view text) {
  Setting settings[kPointCount];
  for (absl::string_view fault : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    if (absl::Status bad = ParseFault(fault, settings); !bad.ok()) return bad;
  }
  internal::any_on = false;
  for (size_t i = 0; i < kPointCount; ++i) {
    g_states[i].setting = settings[i];
    g_states[i].calls = 0;
    if (settings[i].error != 0) internal::any_on = true;
  }
  return absl::OkStatus();
}

absl::Status SwitchOnFromEnvironment() {
  const char* text = ::secure_getenv(kVariable);
  return text == nullptr ? absl::OkStatus() : SwitchOn(text);
}

bool internal::Fails(Point point) {
  State& state = g_states[static_cast<size_t>(point)];
  if (state.setting.error == 0) return false;
  const uint32_t call = state.calls++;
  if (call < state.setting.after || call - state.setting.after >= state.setting.times) return false;
  errno = state.setting.error;
  return true;
}

}  // namespace reloc::fault
