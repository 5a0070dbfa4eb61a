#include "client/host/doctor/timeout.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

constexpr size_t kFields = 4;

// Encodes each finding as four texts that end with NUL, which no path and no message contains.
std::string Encode(const Findings& findings) {
  std::string bytes;
  for (const Finding& finding : findings) {
    for (const std::string& field :
         {absl::StrCat(static_cast<int>(finding.health)), finding.check, finding.found, finding.fix}) {
      bytes.append(field).push_back('\0');
    }
  }
  return bytes;
}

Findings Decode(const std::string& bytes) {
  const std::vector<std::string> fields = absl::StrSplit(bytes, '\0');
  Findings findings;
  for (size_t i = 0; i + kFields < fields.size() + 1 && !fields[i].empty(); i += kFields) {
    findings.push_back(
        {static_cast<Health>(fields[i][0] - '0'), fields[i + 1], fields[i + 2], fields[i + 3]});
  }
  return findings;
}

}  // namespace

Findings WithTimeout(const std::string& check, const std::function<Findings()>& look,
                     absl::Duration timeout) {
  absl::StatusOr<std::string> answer = RunInChild(timeout, [&] { return Encode(look()); });
  if (absl::IsDeadlineExceeded(answer.status())) {
    return {Fail(check, "a file system that it lies on does not answer",
                 "see which: timeout 5 ls each directory of the other lines; tell your administrator")};
  }
  if (!answer.ok()) return {Fail(check, std::string(answer.status().message()), "see ulimit -a")};
  return Decode(*answer);
}

}  // namespace reloc
