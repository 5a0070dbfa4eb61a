// Finds the root of a launch, for packs and for images: the daemon has published one, or makes one, or the
// launch makes its own.
#pragma once

#include "reloc/launch/daemon_session.h"
#include "reloc/launch/executor.h"
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

}  // namespace reloc
