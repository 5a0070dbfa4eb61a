// The process that writes relocd's log into a file: ADR 0029.
//
// relocd sends lines over a SEQPACKET socket without waiting. The file may lie on a file system that stops
// answering; then lines are lost, and nothing else is.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "daemon/base/child_process.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// argv[1] of the process.
inline constexpr const char* kLogWriterArgument = "--log-writer";

// Opens files and writes lines on request, and exits when relocd closes the socket.
[[noreturn]] void LogWriterMain();

// relocd's end. For one thread at a time.
class LogWriter {
 public:
  // `file`: empty: standard error, which is a regular file. `configured`: see OpenLogFile().
  LogWriter(std::string file, bool configured) : file_(std::move(file)), configured_(configured) {}
  // Gives the process a moment to write what it has.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Starts the process, and waits a moment for its file to be opened. An error if that failed; that a file
  // does not answer is no error.
  absl::Status Start();
  // False if the line is lost. Starts the process again if it was killed.
  bool Write(absl::string_view line);
  // Opens the file again, which was moved away.
  void Reopen();

 private:
  absl::Status Spawn();

  std::string file_;
  bool configured_;
  ChildProcess process_;
  UniqueFd socket_;
};

}  // namespace reloc
