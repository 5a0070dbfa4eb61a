#include "daemon/processes/process_details.h"

#include <fcntl.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reloc/base/file.h"

namespace reloc {
namespace {

constexpr size_t kMaxArguments = 4096;  // bytes; for display

std::string PathOf(pid_t pid, absl::string_view name) { return absl::StrCat("/proc/", pid, "/", name); }

// The beginning of a file of /proc; empty where it cannot be read.
std::string ReadText(const std::string& path) {
  std::string text(kMaxArguments, '\0');
  Result<UniqueFd> file = Open(path.c_str(), O_RDONLY);
  Result<size_t> size =
      file.ok() ? ReadAll(file->get(), {text.data(), text.size()}) : Result<size_t>(file.error());
  text.resize(size.ok() ? *size : 0);
  return text;
}

std::string ReadTarget(const std::string& path) {
  PathText target;
  return ReadLink(AT_FDCWD, path.c_str(), &target).ok() ? std::string(target.view()) : "";
}

// "/dev/pts/3", or empty: what the process has open as one of the first three descriptors. The number in
// /proc/PID/stat has no name that could be asked for.
std::string TerminalOf(pid_t pid) {
  for (int fd = 0; fd <= 2; ++fd) {
    std::string target = ReadTarget(PathOf(pid, absl::StrCat("fd/", fd)));
    if (absl::StartsWith(target, "/dev/pts/") || absl::StartsWith(target, "/dev/tty")) return target;
  }
  return "";
}

void AddArguments(pid_t pid, relocd::v1::Process* process) {
  std::string text = ReadText(PathOf(pid, "cmdline"));
  if (text.empty()) return;
  for (absl::string_view argument :
       absl::StrSplit(absl::StripSuffix(text, absl::string_view("\0", 1)), '\0')) {
    process->add_argv(std::string(argument));
  }
}

void AddTraffic(pid_t pid, relocd::v1::Process* process) {
  for (absl::string_view line : absl::StrSplit(ReadText(PathOf(pid, "io")), '\n')) {
    uint64_t bytes = 0;
    if (absl::ConsumePrefix(&line, "read_bytes: ") && absl::SimpleAtoi(line, &bytes)) {
      process->set_read_bytes(bytes);
    } else if (absl::ConsumePrefix(&line, "write_bytes: ") && absl::SimpleAtoi(line, &bytes)) {
      process->set_written_bytes(bytes);
    }
  }
}

}  // namespace

void AddResources(pid_t pid, relocd::v1::Process* process) {
  AddArguments(pid, process);
  AddTraffic(pid, process);
}

void AddPlace(pid_t pid, relocd::v1::Process* process) {
  process->set_cwd(ReadTarget(PathOf(pid, "cwd")));
  process->set_tty(TerminalOf(pid));
}

std::string ReadCgroup(pid_t pid) {
  return std::string(absl::StripSuffix(ReadText(PathOf(pid, "cgroup")), "\n"));
}

}  // namespace reloc
