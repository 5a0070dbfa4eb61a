// Lists the files of a pack, with hashes.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/manifest.pb.h"
#include "reloc/hosted/progress.h"
#include "reloc/hosted/tree.h"
#include "reloc/pack/closure.h"

namespace reloc {

using FileList = google::protobuf::RepeatedPtrField<pb::File>;

// Appends `files`, which are below the directory `top`, to `*out`, and hashes them in parallel.
absl::Status DescribeFiles(const std::string& top, const std::vector<TreeFile>& files,
                           const ProgressCallback& progress, FileList* out);

// Lists the items as they are now in the directory `store` (not as they were scanned), in contents.items.
absl::StatusOr<pb::Contents> DescribeItems(const std::string& store, const std::vector<ClosureItem>& items,
                                           const ProgressCallback& progress);

// Returns the bytes of all regular files.
uint64_t TotalSize(const std::vector<TreeFile>& files);

}  // namespace reloc
