// The userns engine: a mount namespace in which the store is at its prefix. The program runs as on a host
// that has the store.
#pragma once

#include <string>
#include <string_view>

#include "reloc/launch/plan.h"
#include "reloc/pack/program.h"

namespace reloc {

// Returns the whole plan: `prepare` makes the root, `enter` joins it and becomes the program.
std::string CompileUserns(const ProgramSpec& program);

// Returns what the daemon sends with the namespaces of a root that it keeps: only the enter part.
std::string CompileUsernsJoin(std::string_view program, const PackDigest& digest);

}  // namespace reloc
