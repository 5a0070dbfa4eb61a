// Determines which engines to try, in which order: from $RELOC_ENGINE, or $GUIX_EXECUTION_ENGINE.
#pragma once

#include <array>

#include "reloc/base/text.h"
#include "reloc/launch/plan.h"

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

}  // namespace reloc
