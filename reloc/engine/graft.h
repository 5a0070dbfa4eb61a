// The graft engine: the program is executed in a mirror in which another path, where it lies, stands for the
// store prefix. Nothing is changed about the process: no namespace, no preloaded module, no tracer. It needs
// a daemon that keeps the mirror: see docs/adr/0022-graft-engine.md.
#pragma once

#include <string>

#include "reloc/engine/probe.h"
#include "reloc/pack/program.h"

namespace reloc {

inline constexpr char kGraftCure[] = "relocctl mirrors add --kind graft PACK --wait";

// A plan, or a refusal where no mirror can be made. Empty if its texts are too long for a plan.
std::string CompileGraft(const ProgramSpec& program);

// Whether what `plan` needs is there, by its own steps. `daemon_dir`: as of OpenDaemonDir(), or -1.
EngineReport ProbeGraft(const Plan& plan, int daemon_dir);

}  // namespace reloc
