#include "reloc/launch/failure.h"

#include <string.h>

namespace reloc {
namespace {

constexpr const char* kReasonNames[kReasonCount] = {"none",    "no_daemon", "daemon_silent", "foreign_daemon",
                                                    "version", "protocol",  "context",       "refused",
                                                    "join",    "engine",    "mirror"};

}  // namespace

const char* ReasonName(Reason reason) {
  size_t index = static_cast<size_t>(reason);
  return index < kReasonCount ? kReasonNames[index] : "unknown";
}

void Failure::Set(const char* failed_step, Errno errno_value, string_view about, const char* fix) {
  step = failed_step;
  error = errno_value;
  hint = fix;
  subject.Clear();
  subject << about;
}

void Failure::Describe(TextBuffer* line) const {
  *line << step;
  if (!subject.empty()) *line << ' ' << subject.view();
  if (!error.ok()) *line << ": " << strerror(error.value);
  if (hint != nullptr) *line << " (" << hint << ')';
}

}  // namespace reloc
