// Makes a root if no daemon has one: in the calling process where that is safe, otherwise in a helper that
// has ended before the program starts. Launches and the engine's probe use the same code.
#pragma once

#include <span>

#include "reloc/launch/executor.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/plan.h"

namespace reloc {

// Carries out `prepare`. On success kJoin can enter: the process is inside (RootAccess::kInside), or `*state`
// has the namespaces to join. On failure sets `*failure`, and the process is unchanged, except for a user
// namespace that it may have got. Call it while the process is single-threaded.
bool MakeOwnRoot(std::span<const Step> prepare, LaunchState* state, const LaunchLog& log, Failure* failure);

}  // namespace reloc
