// The child's failure comes through a pipe that exec closes, its output through a memory file: nobody has to
// read while it runs.
#include "reloc/engine/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/base/unique_fd.h"

namespace reloc {
namespace {

// The pipe's content, sent at most once.
struct Report {
  int error;
  char obstacle[1024];
  char fix[256];
};

Trial NotTried(const char* step) { return {errno, absl::StrCat(step, ": ", strerror(errno)), ""}; }

bool ArrangeOutput(int output) {
  Result<UniqueFd> null = Open("/dev/null", O_RDONLY);
  return null.ok() && ::dup2(null->get(), 0) == 0 && ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2;
}

Errno Send(Failure* failure, int pipe) {
  Report report{};
  report.error = failure->error.value;
  if (failure->hint != nullptr) strncpy(report.fix, failure->hint, sizeof report.fix - 1);
  failure->hint = nullptr;
  FixedText<sizeof report.obstacle> text;
  failure->Describe(&text);
  memcpy(report.obstacle, text.c_str(), text.size());
  return WriteAll(pipe, string_view(reinterpret_cast<const char*>(&report), sizeof report));
}

[[noreturn]] void RunChild(absl::FunctionRef<void(Failure*)> attempt, int pipe, int output) {
  Failure failure;
  if (ArrangeOutput(output)) {
    attempt(&failure);
  } else {
    failure.Set("arrange descriptors", Errno::Last(), "");
  }
  ::_exit(failure.failed() && !Send(&failure, pipe).ok() ? 1 : 0);
}

std::string FirstLine(int output) {
  char text[1024];
  ssize_t size = ::pread(output, text, sizeof text, 0);
  std::string line(text, size > 0 ? static_cast<size_t>(size) : 0);
  return line.substr(0, line.find('\n'));
}

Trial Judge(int status, int pipe, int output) {
  Report report{};
  Result<size_t> size = ReadAll(pipe, {reinterpret_cast<char*>(&report), sizeof report});
  if (size.ok() && *size == sizeof report) return {report.error, report.obstacle, report.fix};
  if (std::string line = FirstLine(output); !line.empty()) return {0, line, ""};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return {0, absl::StrCat("it ended with wait status ", status), ""};
}

}  // namespace

Trial RunTrial(absl::FunctionRef<void(Failure*)> attempt) {
  // Otherwise a descriptor of ours could have the number of one that the child's output goes to.
  if (Errno e = ReserveStandardFds(); !e.ok()) return {e.value, "open /", ""};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return NotTried("pipe");
  UniqueFd reader(ends[0]), writer(ends[1]), output(::memfd_create("output", MFD_CLOEXEC));
  if (!output.valid()) return NotTried("memfd_create");
  pid_t child = ::fork();
  if (child < 0) return NotTried("fork");
  if (child == 0) RunChild(attempt, writer.get(), output.get());
  writer.Reset();
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return NotTried("wait");
  }
  return Judge(status, reader.get(), output.get());
}

}  // namespace reloc
