// The graft engine: the program is executed in a mirror in which the store prefix is replaced by the path
// where the mirror is. The process itself is unchanged: no namespace, no preloaded module, no tracer. It
// needs a daemon that keeps the mirror: see docs/adr/0022-graft-engine.md.
#pragma once

#include <string>

#include "reloc/engine/probe.h"
#include "reloc/pack/program.h"

namespace reloc {

inline constexpr char kGraftFix[] = "relocctl mirrors add --kind graft PACK --wait";

// Returns a plan, or a refusal if no mirror can be made. Empty if its texts are too long for a plan.
std::string CompileGraft(const ProgramSpec& program);

// Checks, with the plan's own steps, whether what `plan` needs exists. `daemon_dir`: from OpenDaemonDir(), or
// -1.
EngineReport ProbeGraft(const Plan& plan, int daemon_dir);

}  // namespace reloc
