// Copying the content of files while comparing it with a pack's list.
#pragma once

#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/manifest.pb.h"
#include "reloc/base/unique_fd.h"
#include "reloc/hosted/progress.h"

namespace reloc {

// A regular file that is open for reading, and what is known of it.
struct SourceFile {
  UniqueFd fd;
  struct stat st = {};
  std::string path;  // for messages
};

// Opens `name` in `directory`, whose path is `where`, and compares type, size and executable bit with
// `listed`. DataLoss if they differ.
absl::StatusOr<SourceFile> OpenSource(int directory, const std::string& name, const pb::File& listed,
                                      const std::string& where);

// Copies the content into the new file `to`, whose path is `to_path`; what is all zeros becomes a hole. Reads
// once. DataLoss if it is not what is listed.
absl::Status CopyChecked(const SourceFile& source, const pb::File& listed, int to, const std::string& to_path,
                         ProgressMeter* meter);

// The content, likewise compared.
absl::StatusOr<std::string> ReadChecked(const SourceFile& source, const pb::File& listed,
                                        ProgressMeter* meter);

// Writes `bytes` into the new file `to`, and what they are into `*listed`.
absl::Status WriteListed(const std::string& bytes, int to, const std::string& to_path, pb::File* listed);

}  // namespace reloc
