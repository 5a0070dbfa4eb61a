// Carrying out the plan of an import: the only part of it that writes.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"
#include "reloc/pack/host_item.h"

namespace reloc {

// The version of the installed patchelf, "patchelf 0.14.3"; NotFound with the cure if it is not installed.
absl::StatusOr<std::string> PatchelfVersion();

// Makes the items of `plan` as directories in `store_dir`. If it fails, what it made is removed again.
absl::Status WriteItems(const HostPlan& plan, const std::string& store_dir, const ProgressCallback& progress);

}  // namespace reloc
