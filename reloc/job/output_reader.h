// Reads what OutputLog keeps, while it is written or afterwards.
//
// Follows with inotify(7), also across rotation, so that nothing wakes up while the job is silent. Only a
// reader that is behind by more than the log's limit misses what was dropped in the meantime.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/statusor.h"
#include "reloc/base/file.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class OutputReader {
 public:
  // Opens the output. NotFound if nothing is kept for the job `id` in `dir`.
  static absl::StatusOr<OutputReader> Open(const std::string& dir, const std::string& id);

  // Continues with the last `lines` lines. Without a call, reading begins with the oldest byte that is kept.
  absl::Status SkipToTail(uint64_t lines);

  // Writes to the descriptor `output` what there is now.
  absl::Status Copy(int output);
  // Does the same, and then continues until the writer has ended or `output` has no reader. `written`:
  // whether there is a writer, for file systems where that cannot be detected.
  absl::Status Follow(int output, bool written = true);

 private:
  // One of the two files, open.
  struct File {
    UniqueFd fd;
    FileId id;
    uint64_t offset = 0;  // of the next byte to copy
  };
  enum class State { kGrows, kFull, kClosed };

  OutputReader(UniqueFd dir, std::string id) : dir_(std::move(dir)), id_(std::move(id)) {}
  Result<File> OpenFile(const std::string& name) const;
  Errno OpenBoth(File* older, File* newest) const;
  State NewestState(bool closed, bool written) const;
  absl::Status Advance();

  UniqueFd dir_;
  std::string id_;
  File older_;  // its descriptor is invalid once it was copied, or if there is none
  File newest_;
};

}  // namespace reloc
