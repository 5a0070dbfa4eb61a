// Tries one engine's plan in every possible way: the store prefix may show the store already, a root may be
// published, the daemon may make one, or this process does.
#pragma once

#include "reloc/base/unique_fd.h"
#include "reloc/launch/daemon_session.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/launch_root.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/plan.h"

namespace reloc {

class PlanTrial {
 public:
  // All must outlive the trial. A process has one, for one plan after the other.
  PlanTrial(const LaunchRequest& request, DaemonSession* daemon, const LaunchLog& log);

  // Tries `plan`; returns only if that failed. True: it was past its commit, and nothing different may be
  // tried. Either way `*failure` describes the last failure.
  bool Run(const Plan& plan, Failure* failure);
  // Returns the error by which a graft could not be executed because of the program and not of the mirror;
  // otherwise kOk. To be reported if no other engine runs it.
  Errno refusal() const { return refusal_; }

 private:
  void ChoosePlace(const Plan& plan);
  void TryPlace(const Plan& plan);
  void TryRoot(const Plan& plan, const Step& bind);
  bool FindStore(const Step& step);
  const Plan* FindRoot(const Plan& plan);
  bool ExecFailed() const;
  bool FailedInMirror(const Plan& plan) const;
  bool IsProgramToBlame(const Plan& plan) const;
  void Enter(const Plan& plan);
  void LogWay(const Plan& plan) const;
  void ReadMark();
  void MarkEnvironment();

  const LaunchRequest& request_;
  char* const* envp_;
  RootOrigin origin_ = RootOrigin::kOwn;  // of the root, in the plan that is being tried
  DaemonSession* daemon_;
  const LaunchLog& log_;
  LaunchState state_;
  Plan reply_;  // from the daemon
  UniqueFd store_;
  Failure* failure_ = nullptr;  // of the plan that is being tried
  bool committed_ = false;
  Errno refusal_;
};

}  // namespace reloc
