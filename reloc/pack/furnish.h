// The common part of all ways to make a pack: from a directory that contains a store to one that also
// contains entries, plans and a manifest.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"
#include "reloc/pack/closure.h"
#include "reloc/pack/entries.h"
#include "reloc/pack/program.h"

namespace reloc {

// Compiles the fallback plans of a program: what the shim carries out if no daemon answers. A callback,
// because engines are a layer above packs.
using PlanCompiler = std::function<absl::StatusOr<std::string>(const ProgramSpec&)>;

// The files that are copied into every pack; host paths.
struct PackRuntime {
  std::string shim;
  std::vector<std::string> libraries;
};

// What does not depend on the source of a pack.
struct PackTools {
  PackRuntime runtime;
  PlanCompiler compile_plans;
  ProgressCallback progress;
};

// The result of making a pack.
struct PackSummary {
  size_t items = 0;
  size_t entries = 0;
  uint64_t bytes = 0;
  std::vector<std::string> warnings;  // one line each
};

// Makes .reloc/ and bin/ in the directory `into`, for the pack at `pack` with the store `store` and the items
// `items`. Those are hashed in place. `into` is `pack`, or a directory from which both are then moved there.
absl::StatusOr<PackSummary> FurnishPack(const std::string& into, const std::string& pack,
                                        const StoreLocation& store, const std::vector<ClosureItem>& items,
                                        std::vector<PackEntry> entries, const PackTools& tools);

}  // namespace reloc
