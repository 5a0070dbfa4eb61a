// The userns engine: a mount namespace in which the store lies at its prefix. The program runs as if at home.
#pragma once

#include <string>
#include <string_view>

#include "reloc/launch/plan.h"
#include "reloc/pack/program.h"

namespace reloc {

// The whole plan: `prepare` makes the root, `enter` joins it and becomes the program.
std::string CompileUserns(const ProgramSpec& program);

// What the daemon sends with the namespaces of a root that it keeps: the enter part alone.
std::string CompileUsernsJoin(std::string_view program, const PackDigest& digest);

}  // namespace reloc
