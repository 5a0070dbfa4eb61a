// Makes the packs for launches, with `relocctl pack create`, as a user would.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/launching/workspace.h"

namespace reloc::bench {

// Makes the pack `output`, with the other `arguments` of `relocctl pack create`.
absl::Status CreatePack(const Workspace& workspace, const std::string& output,
                        const std::vector<std::string>& arguments);

// Makes a pack named `name` of the host's `programs`, with `data` for them. Returns the path of the first
// one's entry.
absl::StatusOr<std::string> PackHostPrograms(const Workspace& workspace, const std::string& name,
                                             const std::vector<std::string>& programs,
                                             const std::vector<std::string>& data = {});

// Makes a pack named `name` with the probe and a closure of `items` store items, including the probe's.
// Returns the path of the probe's entry.
absl::StatusOr<std::string> PackProbe(const Workspace& workspace, const std::string& name, int items);

// Makes another pack with the same content, its files hard links: the cheapest pack that needs a root of its
// own, because roots belong to a pack's path. `entry` is an entry of the pack to copy; returns the copy's.
absl::StatusOr<std::string> CopyPack(const Workspace& workspace, const std::string& entry,
                                     const std::string& name);

}  // namespace reloc::bench
