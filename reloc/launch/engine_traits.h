// What distinguishes the engines in a launch, besides their plans. A new engine is a line of the table.
#pragma once

#include <optional>

#include "reloc/launch/plan.h"
#include "reloc/launch/probe_memory.h"

namespace reloc {

// Where an engine takes the store from if the pack has a mirror.
enum class MirrorUse {
  kInRoot,    // the daemon's roots show the mirror: the launch has nothing to do
  kInPlace,   // the program runs from the mirror as it would from the pack
  kRequired,  // the program runs from a graft, and the pack has no replacement
};

struct EngineTraits {
  bool has_root = false;       // the program runs in a shared root; its processes are known by namespaces
  bool sets_job_mark = false;  // its processes are known by kJobVariable, which the launch sets
  MirrorUse mirror_use = MirrorUse::kInRoot;
  bool shows_own_paths = false;  // paths in errors are as the program would see them, and not the host's
  // If set, a failure is remembered, because finding out costs milliseconds; nullopt: it is tried each time.
  std::optional<Probe> probe = {};
};

// Returns the traits of `engine`; those of kNone for an engine that does not exist.
const EngineTraits& TraitsOf(Engine engine);

}  // namespace reloc
