#include "reloc/launch/launch_root.h"

#include <utility>

#include "reloc/launch/namespaces.h"
#include "reloc/launch/under_tracer.h"

namespace reloc {
namespace {

RootOrigin Keep(RootNamespaces root, RootOrigin origin, LaunchState* state) {
  state->user_ns = std::move(root.user);
  state->mount_ns = std::move(root.mount);
  return origin;
}

struct RootBuild {
  Executor* executor;
  std::span<const Step> prepare;
  LaunchState* state;
  Failure* failure;
};

// Runs in the helper, which shares our memory and descriptors.
Errno BuildRoot(void* argument) {
  RootBuild* build = static_cast<RootBuild*>(argument);
  LaunchState* state = build->state;
  const bool privileged = HasSysAdmin();
  if (!build->executor->Prepare(build->prepare, build->failure)) return build->failure->error;
  RELOC_TRY(OpenOwnNamespaces(&state->user_ns, &state->mount_ns));
  // A privileged process makes no new user namespace, and setns(2) into its own is EINVAL.
  if (privileged) state->user_ns.Reset();
  return kOk;
}

bool BuildInPlace(std::span<const Step> prepare, Executor* executor, LaunchState* state, const LaunchLog& log,
                  Failure* failure) {
  if (executor->Prepare(prepare, failure)) {
    state->root = RootAccess::kInside;
    return true;
  }
  // The next engine continues in a user namespace, if this one got one, and in the caller's working
  // directory.
  if (!state->cwd.Restore().ok()) log.Debug("the working directory cannot be reached any more");
  return false;
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

bool MakeOwnRoot(std::span<const Step> prepare, LaunchState* state, const LaunchLog& log, Failure* failure) {
  failure->Clear();
  if (IsUnderTracer()) {
    failure->Set("make a root", kOk, "under proot", "use the engine proot or fakechroot");
    return false;
  }
  Executor executor(state, log);
  if (UnshareIsSafeHere()) return BuildInPlace(prepare, &executor, state, log, failure);
  RootBuild build{&executor, prepare, state, failure};
  Errno e = RunInHelper(BuildRoot, &build);
  if (!e.ok() && !failure->failed()) failure->Set("make a root", e, "");
  return e.ok();
}

}  // namespace reloc
