// The part of making a pack that all ways have in common: from a directory that holds a store to one that
// also holds entries, plans and a manifest.
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

// Compiles the fallback plans of a program: what the shim carries out when no daemon answers. A callback,
// because engines are a layer above packs.
using PlanCompiler = std::function<absl::StatusOr<std::string>(const ProgramSpec&)>;

// The files that every pack gets a copy of; host paths.
struct PackRuntime {
  std::string shim;
  std::vector<std::string> libraries;
};

// What does not depend on where a pack comes from.
struct PackTools {
  PackRuntime runtime;
  PlanCompiler compile_plans;
  ProgressCallback progress;
};

// What a finished pack amounts to.
struct PackSummary {
  size_t items = 0;
  size_t entries = 0;
  uint64_t bytes = 0;
  std::vector<std::string> warnings;  // one line each
};

// Makes .reloc/ and bin/ in the directory `into`, for the pack at `pack` whose store `store` is and whose
// items are `items`. Those are hashed where they lie. `into` is `pack`, or a directory from which both are
// moved there.
absl::StatusOr<PackSummary> FurnishPack(const std::string& into, const std::string& pack,
                                        const StoreLocation& store, const std::vector<ClosureItem>& items,
                                        std::vector<PackEntry> entries, const PackTools& tools);

}  // namespace reloc
