// The engines of a launch: which to try, in which order, and what distinguishes them besides their plans. The chain
// comes from --engine, $RELOC_ENGINE or $GUIX_EXECUTION_ENGINE. A new engine is a line of the tables in engines.cc.
#pragma once

#include <array>
#include <optional>

#include "reloc/base/text.h"
#include "reloc/launch/plan.h"
#include "reloc/launch/probe_memory.h"

namespace reloc {

struct EngineChain {
  std::array<Engine, kEngineCount> engines{};  // ends with Engine::kNone
  string_view unknown;                         // a name that is unknown and is ignored; empty: none
};

// Parses `chosen`: "default" (robust), "performance" or the name of one engine; empty means "default".
EngineChain ParseEngineChain(string_view chosen);
EngineChain EngineChainFromEnv(const char* const* envp);
// Parses the option --engine; if that is empty, the environment.
EngineChain ChooseEngineChain(string_view option, const char* const* envp);

bool Includes(const EngineChain& chain, Engine engine);

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
