// Whether the engines work on this host, found out by doing with each what a launch does.
//
// Kernel versions and switches foretell little: unshare(2) may succeed and mount(2) be refused. They are read
// afterwards, for the cure: docs/adr/0013-probes.md.
#pragma once

#include <string>

#include "reloc/launch/plan.h"
#include "reloc/launch/probe_memory.h"

namespace reloc {

struct EngineReport {
  Engine engine = Engine::kNone;
  bool works = false;
  std::string obstacle;  // step and error: "mount tmpfs /: Operation not permitted"; empty if it works
  std::string cure;      // a command, a package or an administrator's switch; empty if it works

  Verdict verdict() const { return works ? Verdict::kWorks : Verdict::kFails; }
};

// `modules`: the directory of what the installation's engines bring along; empty: it was not found. Call it
// while the process is single-threaded. It leaves nothing behind. Of graft: that it depends on the pack (see
// graft.h).
EngineReport ProbeEngine(Engine engine, const std::string& modules);

}  // namespace reloc
