// The programs that the engines are measured with: some only start, some work with files, some start others,
// and some load many files.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/launching/workspace.h"

namespace reloc::bench {

struct Targets {
  double must = 0;  // as ratios to native; 0: no target
  double aim = 0;
};

struct Workload {
  std::string id;
  std::string description;
  double rounds = 1;  // a factor for the number that the user requested
  std::vector<std::string> native;
  std::vector<std::string> packed;
  Environment native_environment;  // in addition to what every launch gets
  Environment packed_environment;  // store paths where native has the host's
  Targets userns;
  Targets fakechroot;
  Targets graft{1.01, 1.00};
};

// Makes a pack of `python`, with its library, that imports a dozen modules.
absl::StatusOr<Workload> Imports(const Workspace& workspace, const std::string& python);

// Makes the packs. A workload whose program this host lacks is left out, with a line on stderr.
absl::StatusOr<std::vector<Workload>> MakeWorkloads(const Workspace& workspace);

}  // namespace reloc::bench
