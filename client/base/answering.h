// Files that relocctl itself reads may be on a file system that does not answer. A process that asks it for
// something cannot even be killed, so a child asks, and relocctl says after some seconds what does not
// answer.
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

// For what does not answer: every command says it within three seconds.
inline constexpr absl::Duration kFilePatience = absl::Milliseconds(2000);

// The state directory, in messages.
inline constexpr const char* kStateDirectory = "the state directory ($XDG_STATE_HOME, else ~/.local/state)";

// Returns DeadlineExceeded with a line for the user: the file system of `name` does not answer.
absl::Status DoesNotAnswer(const std::string& name);

// Looks at `path` and its first byte in a child. DeadlineExceeded if it does not answer; whatever else is
// wrong with it is no error here. Call it while the process is single-threaded.
absl::Status CheckAnswers(const std::string& path, absl::Duration patience = kFilePatience);

// A child that reads files, and writes what is to be shown to our standard output.
class FileReader {
 public:
  // What the child does with the request `what`: it reads a file, calls `on_open` when the file has answered,
  // and writes to `output`.
  using Work =
      std::function<absl::Status(const std::string& what, int output, const std::function<void()>& on_open)>;

  // Forks the child, which waits. Call it while the process is single-threaded; it may have threads
  // afterwards.
  static absl::StatusOr<FileReader> Start(Work work);
  FileReader(FileReader&&) = default;
  // Ends the child.
  ~FileReader();

  // Tells the child `what`, and copies what it writes until it has ended. DeadlineExceeded with `name` if
  // nothing comes of it for kFilePatience, though it does not run; if `may_wait`, that long until on_open.
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
