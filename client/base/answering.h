// Reads files that may be on a file system that does not answer. A process that waits for one cannot even be
// killed, so a child reads, and relocctl reports after some seconds what does not answer.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// How long a file may take to answer: every command reports within three seconds.
inline constexpr absl::Duration kFileTimeout = absl::Milliseconds(2000);

// The state directory, in messages.
inline constexpr const char* kStateDirectory = "the state directory ($XDG_STATE_HOME, else ~/.local/state)";

// Returns DeadlineExceeded with a line for the user: the file system of `name` does not answer.
absl::Status DoesNotAnswer(const std::string& name);

// Opens `path` and reads its first byte in a child. DeadlineExceeded if it does not answer; other errors are
// ignored. Call it while the process is single-threaded.
absl::Status CheckAnswers(const std::string& path, absl::Duration timeout = kFileTimeout);

// A child that reads files, and writes what is shown to our standard output.
class FileReader {
 public:
  // What the child does with the request `what`: it reads a file, calls `on_open` once the file could be
  // opened, and writes to `output`.
  using Work =
      std::function<absl::Status(const std::string& what, int output, const std::function<void()>& on_open)>;

  // Forks the child, which waits. Call it while the process is single-threaded; it may have threads
  // afterwards.
  static absl::StatusOr<FileReader> Start(Work work);
  FileReader(FileReader&&) = default;
  // Ends the child.
  ~FileReader();

  // Sends the child `what`, and copies its output until it has ended. DeadlineExceeded with `name` if there
  // is none for kFileTimeout while the child is blocked; if `may_wait`, only until on_open.
  absl::Status Read(const std::string& what, const std::string& name, bool may_wait);

 private:
  FileReader(pid_t pid, UniqueFd request, UniqueFd output, UniqueFd status)
      : pid_(pid), request_(std::move(request)), output_(std::move(output)), status_(std::move(status)) {}
  bool Await(bool forever, bool* readable) const;
  absl::Status Finish(const std::string& said) const;

  pid_t pid_;
  UniqueFd request_, output_, status_;
};

}  // namespace reloc
