// The output goes into memory files instead of pipes: nothing has to be read while the tool runs, and no tool
// can block on a full pipe. posix_spawn, because the packer has threads.
#include "reloc/pack/host_command.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

extern char** environ;

namespace reloc {
namespace {

class SpawnActions {
 public:
  SpawnActions() { ok_ = posix_spawn_file_actions_init(&actions_) == 0; }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  // Sets the child's descriptors 0, 1 and 2.
  bool Redirect(int input, int output, int errors) {
    return ok_ && posix_spawn_file_actions_adddup2(&actions_, input, 0) == 0 &&
           posix_spawn_file_actions_adddup2(&actions_, output, 1) == 0 &&
           posix_spawn_file_actions_adddup2(&actions_, errors, 2) == 0;
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
  bool ok_ = false;
};

// Starts a process group of its own: ^C is for this process, which then ends the tool.
class SpawnAttributes {
 public:
  SpawnAttributes() { made_ = posix_spawnattr_init(&attributes_) == 0; }
  ~SpawnAttributes() {
    if (made_) posix_spawnattr_destroy(&attributes_);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  bool ok() {
    return made_ && posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP) == 0 &&
           posix_spawnattr_setpgroup(&attributes_, 0) == 0;
  }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
  bool made_;
};

std::vector<char*> Environment() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable)
    if (!absl::StartsWith(*variable, "LD_") || absl::StartsWith(*variable, "LD_LIBRARY_PATH="))
      kept.push_back(*variable);
  kept.push_back(nullptr);
  return kept;
}

absl::StatusOr<int> WaitFor(pid_t pid, const std::string& program) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return SystemError(errno, "cannot wait for " + program);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

absl::StatusOr<std::string> Contents(int fd) {
  const off_t size = lseek(fd, 0, SEEK_END);
  if (size < 0 || lseek(fd, 0, SEEK_SET) < 0) return SystemError(errno, "cannot read a tool's output");
  std::string text(static_cast<size_t>(size), '\0');
  Result<size_t> count = ReadAll(fd, text);
  if (!count.ok()) return SystemError(count.error().value, "cannot read a tool's output");
  text.resize(*count);
  return text;
}

}  // namespace

absl::StatusOr<RunningCommand> RunningCommand::Start(const std::vector<std::string>& arguments, int input) {
  const std::string& program = arguments[0];
  RunningCommand command(program);
  command.output_.Reset(memfd_create("output", MFD_CLOEXEC));
  command.errors_.Reset(memfd_create("errors", MFD_CLOEXEC));
  SpawnActions actions;
  SpawnAttributes attributes;
  if (!command.output_.valid() || !command.errors_.valid() || !attributes.ok() ||
      !actions.Redirect(input, command.output_.get(), command.errors_.get()))
    return SystemError(errno, "cannot prepare to run " + program);

  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int error = posix_spawnp(&command.pid_, program.c_str(), actions.get(), attributes.get(), argv.data(),
                                 Environment().data());
  if (error != 0) return SystemError(error, "cannot run " + program);
  return command;
}

RunningCommand::RunningCommand(RunningCommand&& other) noexcept
    : program_(std::move(other.program_)),
      pid_(std::exchange(other.pid_, 0)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)) {}

RunningCommand::~RunningCommand() {
  if (pid_ == 0) return;
  Kill();
  WaitFor(pid_, program_).status().IgnoreError();
}

void RunningCommand::Kill() { kill(pid_, SIGKILL); }

absl::StatusOr<CommandResult> RunningCommand::Wait() && {
  CommandResult result;
  RELOC_ASSIGN_OR_RETURN(result.exit_code, WaitFor(std::exchange(pid_, 0), program_));
  RELOC_ASSIGN_OR_RETURN(result.output, Contents(output_.get()));
  RELOC_ASSIGN_OR_RETURN(result.errors, Contents(errors_.get()));
  return result;
}

absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& arguments) {
  UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid()) return SystemError(errno, "cannot open /dev/null");
  RELOC_ASSIGN_OR_RETURN(RunningCommand command, RunningCommand::Start(arguments, nothing.get()));
  return std::move(command).Wait();
}

std::string ErrorOf(const CommandResult& result) {
  const std::string line = result.errors.substr(0, result.errors.find('\n'));
  return line.empty() ? absl::StrCat("exit status ", result.exit_code) : line;
}

}  // namespace reloc
