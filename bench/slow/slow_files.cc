#include "bench/slow/slow_files.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reloc/base/file.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

namespace fs = std::filesystem;

constexpr char kDirectory[] = "SLOWFS_DIR", kControl[] = "SLOWFS_CONTROL";

// Names and attributes are cached for longer than any launch takes, as clients of network file systems do:
// the measurement is of the first access to each file and not of the tenth.
constexpr char kCacheSeconds[] = "3600";

}  // namespace

absl::Status SlowFiles::Require(char** argv) {
  if (::getenv(kDirectory) != nullptr) return absl::OkStatus();
  if (::access("/dev/fuse", R_OK | W_OK) != 0)
    return absl::ErrnoToStatus(errno, "this user cannot open /dev/fuse; the cure: chmod 666 /dev/fuse");
  std::error_code error;
  std::string self = fs::read_symlink("/proc/self/exe", error);
  std::string slowfs = fs::path(self).parent_path().parent_path() / "testprogs/slowfs";
  std::vector<std::string> texts = {slowfs, "--cache", kCacheSeconds, self};
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  for (char** argument = argv + 1; *argument != nullptr; ++argument) arguments.push_back(*argument);
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot run ", slowfs, "; build everything first"));
}

absl::StatusOr<SlowFiles> SlowFiles::Find() {
  const char* directory = ::getenv(kDirectory);
  const char* control = ::getenv(kControl);
  int fd = -1;
  if (directory == nullptr || control == nullptr || !absl::SimpleAtoi(control, &fd))
    return absl::NotFoundError("not started beside a slow file system");
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return SlowFiles(UniqueFd(fd), directory);
}

SlowFiles::SlowFiles(UniqueFd control, const std::string& top)
    : control_(std::move(control)), disk_(top + "/disk"), slow_(top + "/slow") {}

std::string SlowFiles::Slowly(const std::string& path) const {
  return absl::StrCat(slow_, absl::StripPrefix(path, disk_));
}

absl::Status SlowFiles::MakeCold() { return Ask("cold").status(); }

absl::Status SlowFiles::RestartCount() { return Ask("reset").status(); }

absl::StatusOr<std::vector<Operation>> SlowFiles::Operations() {
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> lines, Ask("counts"));
  std::vector<Operation> operations;
  for (const std::string& line : lines) {
    std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits('\t', 1));
    std::pair<std::string, std::string> what = absl::StrSplit(parts.first, absl::MaxSplits(' ', 1));
    Operation operation{.kind = what.second, .path = parts.second};
    if (!absl::SimpleAtoi(what.first, &operation.count)) return absl::DataLossError("slowfs: " + line);
    operations.push_back(std::move(operation));
  }
  return operations;
}

absl::StatusOr<std::vector<std::string>> SlowFiles::Ask(const std::string& line) {
  if (Errno e = WriteAll(control_.get(), line + "\n"); !e.ok())
    return absl::ErrnoToStatus(e.value, "slowfs does not listen");
  std::string answer = "\n";  // so that an empty line alone ends like any other
  char bytes[4096];
  while (!absl::EndsWith(answer, "\n\n")) {
    ssize_t size = ::read(control_.get(), bytes, sizeof bytes);
    if (size <= 0) return absl::UnavailableError("slowfs has ended");
    answer.append(bytes, static_cast<size_t>(size));
  }
  return absl::StrSplit(answer, '\n', absl::SkipEmpty());
}

}  // namespace reloc::bench
