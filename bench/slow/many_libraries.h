// Makes a program that loads many libraries, from many directories like those of a store.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/launching/workspace.h"

namespace reloc::bench {

inline constexpr int kLibraries = 200;
inline constexpr int kLibraryDirectories = 60;

// Makes a store with a program named "many" that needs kLibraries libraries from kLibraryDirectories items,
// all of which are in its RUNPATH, and a C library. Returns the arguments with which `relocctl pack create`
// makes a pack of it. Takes some seconds; needs a C compiler.
absl::StatusOr<std::vector<std::string>> MakeManyLibraries(const Workspace& workspace);

}  // namespace reloc::bench
