#include "client/base/time_arg.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace reloc {
namespace {

// Parses what absl::ParseDuration does, and days, which that lacks.
bool ParseAge(absl::string_view text, absl::Duration* age) {
  absl::ConsumeSuffix(&text, " ago");
  absl::string_view days = text;
  double number = 0;
  if (absl::ConsumeSuffix(&days, "d") && absl::SimpleAtod(days, &number)) {
    *age = absl::Hours(24) * number;
    return *age >= absl::ZeroDuration();
  }
  return absl::ParseDuration(text, age) && *age >= absl::ZeroDuration();
}

}  // namespace

absl::StatusOr<absl::Time> ParseTimeArgument(absl::string_view text, absl::Time now, absl::TimeZone zone) {
  int64_t seconds = 0;
  if (absl::SimpleAtoi(text, &seconds)) return absl::FromUnixSeconds(seconds);
  absl::Duration age;
  if (ParseAge(text, &age)) return now - age;
  absl::Time time;
  std::string error;
  for (const char* format : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
                             "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%d %H:%M:%E*S"}) {
    if (absl::ParseTime(format, text, zone, &time, &error)) return time;
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no time; there are ", kTimeHelp));
}

}  // namespace reloc
