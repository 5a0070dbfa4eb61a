// Carries out the plan of an import: the only part of it that writes.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"
#include "reloc/pack/host_item.h"

namespace reloc {

// Returns the version of the installed patchelf, "patchelf 0.14.3"; NotFound, with the fix, if it is not
// installed.
absl::StatusOr<std::string> PatchelfVersion();

// Makes the items of `plan` as directories in `store_dir`. On failure, removes what it made.
absl::Status WriteItems(const HostPlan& plan, const std::string& store_dir, const ProgressCallback& progress);

}  // namespace reloc
