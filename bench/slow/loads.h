// The programs that are started from the slow file system.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/launching/workspace.h"

namespace reloc::bench {

struct Load {
  std::string id;
  std::string description;
  std::vector<std::string> packing;  // for `relocctl pack create`, except the output
  std::string entry;                 // of the pack that was made
  std::vector<std::string> arguments;
  Environment environment;  // in addition to what every launch gets
};

inline constexpr const char* kLoads[] = {"python", "git", "libraries"};

// Makes the packs for `ids`, as `directory`/ID, and the files that the programs need. One whose program this
// host lacks is left out, with a line on stderr.
absl::StatusOr<std::vector<Load>> MakeLoads(const Workspace& workspace, const std::string& directory,
                                            const std::vector<std::string>& ids);

}  // namespace reloc::bench
