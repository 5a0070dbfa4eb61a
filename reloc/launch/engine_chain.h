// Which engines to try, in which order: $RELOC_ENGINE, else $GUIX_EXECUTION_ENGINE.
#pragma once

#include <array>

#include "reloc/base/text.h"
#include "reloc/launch/plan.h"

namespace reloc {

struct EngineChain {
  std::array<Engine, kEngineCount> engines{};  // ends with Engine::kNone
  string_view unknown;                         // a name that was not understood and is ignored; empty: none
};

// `chosen`: "default" (robust), "performance" or one engine's name; empty means "default".
EngineChain ParseEngineChain(string_view chosen);
EngineChain EngineChainFromEnv(const char* const* envp);
// By the option --engine; if that is empty, from the environment.
EngineChain ChooseEngineChain(string_view option, const char* const* envp);

bool Includes(const EngineChain& chain, Engine engine);

}  // namespace reloc
