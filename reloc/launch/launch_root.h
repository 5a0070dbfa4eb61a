// Finds the root of a launch, for packs and for images: one that the daemon has published, or makes for it, or else
// one that the launch makes: in the calling process where that is safe, otherwise in a helper that has ended
// before the program starts. The engine's probe uses the same code.
#pragma once

#include <span>

#include "reloc/launch/daemon_session.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/plan.h"

namespace reloc {

enum class RootOrigin {
  kInPlace,    // none is needed: the store is at its prefix already
  kPublished,  // the daemon has published it
  kDaemon,     // the daemon has made it for this launch
  kOwn,        // the launch makes it
};

// Returns "inplace", "published", "daemon", "own": what RELOC_DEBUG shows.
const char* RootOriginName(RootOrigin origin);

// Finds a shared root: kPublished or kDaemon, whose namespaces are then in `*state`, or kOwn if there is
// none. `store`: the store or image that the daemon would show, borrowed. `*reply` is the plan that enters a
// root of kDaemon; its texts are in static memory.
RootOrigin FindSharedRoot(DaemonSession* daemon, int store, Plan* reply, LaunchState* state);

// Carries out `prepare`. On success kJoin can enter: the process is inside (RootAccess::kInside), or `*state`
// has the namespaces to join. On failure sets `*failure`, and the process is unchanged, except for a user
// namespace that it may have got. Call it while the process is single-threaded.
bool MakeOwnRoot(std::span<const Step> prepare, LaunchState* state, const LaunchLog& log, Failure* failure);

}  // namespace reloc
