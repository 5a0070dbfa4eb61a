#include "reloc/pack/squashfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/host_command.h"

namespace reloc {
namespace {

// zstd, because it is unpacked several times faster than gzip. Blocks have mksquashfs's default size, 128
// KiB: random reads of a large file read little more than needed, see ADR 0024.
std::vector<std::string> Command(const std::string& image) {
  return {"mksquashfs", "-",         image,          "-tar",   "-comp",         "zstd", "-mkfs-time", "1",
          "-root-mode", "755",       "-root-time",   "1",      "-root-uid",     "0",    "-root-gid",  "0",
          "-no-xattrs", "-noappend", "-no-progress", "-quiet", "-exit-on-error"};
}

// Turns the end of mksquashfs into an error of write(2) instead of a signal.
class PipeErrors {
 public:
  PipeErrors() { before_ = ::signal(SIGPIPE, SIG_IGN); }
  ~PipeErrors() { ::signal(SIGPIPE, before_); }
  PipeErrors(const PipeErrors&) = delete;
  PipeErrors& operator=(const PipeErrors&) = delete;

 private:
  void (*before_)(int);
};

absl::Status Failed(const std::string& image, const std::string& why) {
  return absl::InternalError(absl::StrCat("cannot make ", image, ": mksquashfs: ", why));
}

}  // namespace

absl::Status MakeSquashfs(const std::string& image, absl::FunctionRef<absl::Status(int tar)> write_tar) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return SystemError(errno, "cannot make a pipe");
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  PipeErrors pipe_errors;
  absl::StatusOr<RunningCommand> command = RunningCommand::Start(Command(image), read_end.get());
  if (absl::IsNotFound(command.status())) {
    return absl::NotFoundError("mksquashfs is not there, which makes .sqfs: install squashfs-tools");
  }
  if (!command.ok()) return command.status();
  read_end.Reset();
  absl::Status written = write_tar(write_end.get());
  write_end.Reset();
  if (!written.ok()) command->Kill();
  RELOC_ASSIGN_OR_RETURN(CommandResult result, std::move(*command).Wait());
  // Unless we ended it, the archive could not be written because it had ended.
  const bool ended_itself = result.exit_code != 128 + SIGKILL;
  if (result.exit_code != 0 && (written.ok() || ended_itself)) return Failed(image, ErrorOf(result));
  return written;
}

}  // namespace reloc
