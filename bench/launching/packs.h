// The packs that are launched from. All are made by `relocctl pack create`, as a user would make them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/launching/workspace.h"

namespace reloc::bench {

// A pack of the host's `program`. Returns the path of its entry.
absl::StatusOr<std::string> PackHostProgram(const Workspace& workspace, const std::string& program);

// A pack named `name` with the probe and a closure of `items` store items, the probe's included. Returns the
// path of the probe's entry.
absl::StatusOr<std::string> PackProbe(const Workspace& workspace, const std::string& name, int items);

// Another pack with the same content, its files hard links: the cheapest pack that needs a root of its own,
// since roots belong to a pack's place. `entry` is an entry of the pack to copy; returns the copy's.
absl::StatusOr<std::string> CopyPack(const Workspace& workspace, const std::string& entry,
                                     const std::string& name);

}  // namespace reloc::bench
