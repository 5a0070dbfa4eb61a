#include "reloc/launch/shared_root.h"

#include <utility>

namespace reloc {
namespace {

RootOrigin Keep(RootNamespaces root, RootOrigin origin, LaunchState* state) {
  state->user_ns = std::move(root.user);
  state->mount_ns = std::move(root.mount);
  return origin;
}

}  // namespace

const char* RootOriginName(RootOrigin origin) {
  switch (origin) {
    case RootOrigin::kInPlace:
      return "inplace";
    case RootOrigin::kPublished:
      return "published";
    case RootOrigin::kDaemon:
      return "daemon";
    case RootOrigin::kOwn:
      break;
  }
  return "own";
}

RootOrigin FindSharedRoot(DaemonSession* daemon, int store, Plan* reply, LaunchState* state) {
  Result<RootNamespaces> published = daemon->FindRoot();
  if (published.ok()) return Keep(std::move(*published), RootOrigin::kPublished, state);
  RootNamespaces made;
  if (!daemon->AskForRoot(store, reply, &made)) return RootOrigin::kOwn;
  return Keep(std::move(made), RootOrigin::kDaemon, state);
}

}  // namespace reloc
