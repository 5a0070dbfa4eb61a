// Determines whether the engines work on this host, by doing with each what a launch does.
//
// Kernel versions and settings predict little: unshare(2) may succeed and mount(2) be refused. They are read
// afterwards, to suggest a fix: docs/adr/0013-probes.md.
#pragma once

#include <string>

#include "reloc/launch/plan.h"
#include "reloc/launch/probe_memory.h"

namespace reloc {

struct EngineReport {
  Engine engine = Engine::kNone;
  bool works = false;
  std::string obstacle;  // step and error: "mount tmpfs /: Operation not permitted"; empty if it works
  std::string fix;       // a command, a package or an administrator's setting; empty if it works

  Verdict verdict() const { return works ? Verdict::kWorks : Verdict::kFails; }
};

// Probes an engine. `modules`: the directory with the files of the installation's engines; empty: it was not
// found. Call it while the process is single-threaded. It leaves nothing behind. For graft it reports that
// this depends on the pack (see graft.h).
EngineReport ProbeEngine(Engine engine, const std::string& modules);

}  // namespace reloc
