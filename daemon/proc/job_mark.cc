#include "daemon/proc/job_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/file.h"
#include "reloc/base/loader_setting.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

// A launch is heard of within microseconds; of a daemon that was stopped meanwhile, later.
constexpr absl::Duration kHeardWithin = absl::Minutes(1);

constexpr size_t kMaxEnvironment = 4 << 20;  // more than exec allows by default

uint64_t AskProc(pid_t pid, const char* which) {
  Result<FileId> id = IdentifyAt(AT_FDCWD, absl::StrCat("/proc/", pid, "/ns/", which).c_str());
  return id.ok() ? id->inode : 0;
}

const ProcessNamespaces& Own() {
  static const ProcessNamespaces own = ReadNamespaces(::getpid());
  return own;
}

std::string ReadEnvironment(pid_t pid) {
  std::string text;
  Result<UniqueFd> file = Open(absl::StrCat("/proc/", pid, "/environ").c_str(), O_RDONLY);
  if (!file.ok()) return text;
  for (size_t size = 64 * 1024; size <= kMaxEnvironment; size *= 2) {
    size_t had = text.size();
    text.resize(size);
    Result<size_t> got = ReadAll(file->get(), {text.data() + had, size - had});
    text.resize(had + (got.ok() ? *got : 0));
    if (text.size() < size) break;
  }
  return text;
}

}  // namespace

ProcessNamespaces ReadNamespaces(pid_t pid) { return {AskProc(pid, "mnt"), AskProc(pid, "uts")}; }

ProcessNamespaces MarkOf(const ProcessNamespaces& process, bool shared_root) {
  bool unknown = process.mount == 0 || process.uts == 0 || process.mount == Own().mount;
  bool shared = shared_root && process.uts == Own().uts;
  return unknown || shared ? ProcessNamespaces() : process;
}

bool EnvironmentMark::IsOf(pid_t main, absl::Duration heard) const {
  return pid == main && launched <= heard && heard - launched < kHeardWithin;
}

std::optional<EnvironmentMark> ParseEnvironmentMark(absl::string_view environment) {
  for (absl::string_view variable : absl::StrSplit(environment, '\0')) {
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(variable, absl::MaxSplits('=', 1));
    if (parts.first != Text(kJobVariable)) continue;
    std::pair<absl::string_view, absl::string_view> value =
        absl::StrSplit(parts.second, absl::MaxSplits('.', 1));
    EnvironmentMark mark;
    int64_t micros = 0;
    if (!absl::SimpleAtoi(value.first, &mark.pid) || !absl::SimpleAtoi(value.second, &micros)) continue;
    mark.launched = absl::Microseconds(micros);
    return mark;
  }
  return std::nullopt;
}

std::optional<EnvironmentMark> ReadEnvironmentMark(pid_t pid) {
  return ParseEnvironmentMark(ReadEnvironment(pid));
}

}  // namespace reloc
