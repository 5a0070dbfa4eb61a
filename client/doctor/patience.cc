#include "client/doctor/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/file.h"
#include "reloc/pack/text.h"

namespace reloc {
namespace {

constexpr int kPatienceMillis =
    6000;  // more than what is looked at is itself waited for: see installation.cc
constexpr size_t kFields = 4;

// Each finding as four texts that end with NUL, which no path and no message has.
std::string Encode(const Findings& findings) {
  std::string bytes;
  for (const Finding& finding : findings) {
    for (const std::string& field :
         {absl::StrCat(static_cast<int>(finding.health)), finding.check, finding.found, finding.cure}) {
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

// Until the end, which comes with the process that writes; or nothing, if it takes too long.
std::string ReadAnswer(int fd) {
  std::string bytes;
  char part[4096];
  struct pollfd readable = {fd, POLLIN, 0};
  while (::poll(&readable, 1, kPatienceMillis) == 1) {
    const ssize_t size = ::read(fd, part, sizeof part);
    if (size <= 0) return bytes;
    bytes.append(part, static_cast<size_t>(size));
  }
  return {};
}

// Whoever waits for the end of our output does not wait for a process that may never end.
void LetGoOfCaller() {
  Result<UniqueFd> null = Open("/dev/null", O_RDWR);
  for (int fd = 0; null.ok() && fd < 3; ++fd) ::dup2(null->get(), fd);
}

}  // namespace

Findings Patiently(const std::string& check, const std::function<Findings()>& look) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return {Fail(check, "cannot make a pipe", "close some files")};
  UniqueFd ours(pipe[0]);
  UniqueFd theirs(pipe[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return {Fail(check, "cannot fork", "end some processes: see ulimit -u")};
  if (pid == 0) {
    LetGoOfCaller();
    const std::string answer = Encode(look());
    ::_exit(WriteAll(theirs.get(), {answer.data(), answer.size()}).ok() ? 0 : 1);
  }
  theirs.Reset();
  Findings findings = Decode(ReadAnswer(ours.get()));
  if (findings.empty()) {
    ::kill(pid, SIGKILL);
    return {Fail(check, "a file system that it lies on does not answer",
                 "see which: timeout 5 ls each directory of the other lines; tell your administrator")};
  }
  ::waitpid(pid, nullptr, 0);
  return findings;
}

}  // namespace reloc
