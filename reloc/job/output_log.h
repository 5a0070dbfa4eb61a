// Keeps the output of a job, on its launcher's side: the bytes that the job wrote, in two files.
//
// DIR/ID grows to half of the limit and is then renamed to DIR/ID.1, replacing the previous one, so that at
// least the newest half of the limit is always kept. Readers (output_reader.h) rely on two facts: the file
// that is written to is locked (an open file description's lock, fcntl(2)) as long as its writer lives,
// however that ends; and a full file is closed only after the next one has its name.
#pragma once

#include <stdint.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class OutputLog {
 public:
  // Makes `dir` (mode 0700) if needed, and the file for the job `id` in it (0600), or continues with an
  // existing one. Both files together stay below `limit_bytes`, or 8 KiB if that is less. Neither grows
  // beyond this process's file size limit, so that they cause no SIGXFSZ.
  static absl::StatusOr<OutputLog> Open(const std::string& dir, const std::string& id, uint64_t limit_bytes);
  ~OutputLog();
  OutputLog(OutputLog&&) = default;
  OutputLog& operator=(OutputLog&&) = delete;

  // Never fails: what cannot be written (a full disk, a quota) is dropped and counted, and once there is room
  // again a line in its place reports that.
  void Append(std::string_view bytes);

 private:
  OutputLog(UniqueFd dir, std::string id, uint64_t file_limit)
      : dir_(std::move(dir)), id_(std::move(id)), file_limit_(file_limit) {}
  absl::Status OpenFirst(const std::string& dir);
  int Rotate();
  int MakeRoom(size_t bytes);
  int WriteNote();
  int WriteSome(std::string_view* bytes);

  UniqueFd dir_;
  std::string id_;
  uint64_t file_limit_;
  UniqueFd file_;
  uint64_t size_ = 0;  // of the file
  bool in_line_ = false;
  // What was dropped since the last note, and the errno of the failure.
  uint64_t dropped_ = 0;
  int why_dropped_ = 0;
};

// Return the names of a job's files.
inline std::string RotatedOutput(const std::string& id) { return id + ".1"; }

}  // namespace reloc
