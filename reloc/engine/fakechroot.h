// The loader engine: the pack's own ld.so starts the program, with an audit module (audit/) that maps the
// store prefix for libraries, and a preloaded one (preload/) that maps it for files and children. It works in
// place, without namespaces, and with nothing to make or to clean up: see docs/adr/0011-preload-module.md.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/pack/program.h"

namespace reloc {

// Returns a plan, or a refusal for programs that cannot be started this way (static ones, other libcs). Empty
// if its texts are too long for a plan. Errors: the program's ld.so cannot be read.
absl::StatusOr<std::string> CompileFakechroot(const ProgramSpec& program);

}  // namespace reloc
