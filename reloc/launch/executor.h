// Carries out a plan, in the process that is to become the program. Decides nothing: every step does one
// thing or fails. It runs in three places: in the shim with the plan that the daemon sent, in the shim with
// the plan that lies in the pack, and in the daemon's root builder (the prepare part only).
#pragma once

#include <span>

#include "reloc/base/unique_fd.h"
#include "reloc/launch/arena.h"
#include "reloc/launch/cwd.h"
#include "reloc/launch/environment.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/mirror_link.h"
#include "reloc/launch/plan.h"
#include "reloc/launch/root_builder.h"
#include "reloc/launch/tracer.h"

namespace reloc {

// How the process reaches the root that the program is to see.
enum class RootAccess {
  kToJoin,  // kJoin has namespaces to join
  kInside,  // `prepare` ran in this very process: it is inside already, in the root's "/"
  kHost,    // the prefix shows this pack's store as it is: nothing to join, no working directory to restore
};

// What the steps need to know of the launching process, and what they leave for each other.
struct LaunchState {
  string_view pack_dir;         // absolute; the pack that is launched
  string_view store_dir;        // absolute; the pack, or a mirror that has its store
  int daemon_dir = -1;          // where mirrors are published; as of OpenDaemonDir()
  PackDigest digest{};          // of the plan
  char* const* argv = nullptr;  // the caller's
  char* const* envp = nullptr;  // the caller's; replaced by steps that set variables
  const char* store_path =
      nullptr;   // if set, kBindStore binds this instead of its `a`: a verified descriptor
  FileId store;  // what lies at the store's real path, where an engine needs to know
  RootAccess root = RootAccess::kToJoin;
  UniqueFd user_ns;  // for kJoin
  UniqueFd mount_ns;
  SavedCwd cwd;                 // for kRestoreCwd
  const char* tracer = "";      // by kFindTracer, in the arena
  string_view traced_prefix;    // by kTraceStore
  PathText graft;               // by kFindGraft; stands for Placeholder::kGraftDir
  Shown shown = Shown::kOther;  // at the store prefix, when the program is executed
  string_view bound_prefix;     // where the root that kJoin enters is to show `store`; empty: not checked
  Arena arena;
};

class Executor {
 public:
  Executor(LaunchState* state, const LaunchLog& log) : state_(state), log_(log) {}

  // Both stop at the first step that fails, with `*failure` set.
  bool Prepare(std::span<const Step> steps, Failure* failure);
  // Of the whole enter part, which may also be given piece by piece, it returns only then.
  void Enter(std::span<const Step> steps, Failure* failure);

  // True once kCommit was passed: nothing may be tried after that.
  bool committed() const { return committed_; }

 private:
  bool PrepareStep(const Step& step, Failure* failure);
  bool EnterStep(const Step& step, Failure* failure);
  bool Unshare(Failure* failure);
  bool BindStore(const Step& step, Failure* failure);
  bool Join(Failure* failure);
  bool SeesStore(Failure* failure);
  bool RestoreCwd();
  bool Require(const Step& step, Failure* failure);
  bool FindGraft(const Step& step, Failure* failure);
  bool FindTracer(const Step& step, Failure* failure);
  bool StartTracer(const Step& step, Failure* failure);
  bool SetEnv(const Step& step, Failure* failure);
  bool PrependEnv(const Step& step, Failure* failure);
  bool AddArgument(const Step& step, Failure* failure);
  bool Exec(const Step& step, Failure* failure);
  char* const* Arguments(string_view path);
  bool Expand(string_view text, TextBuffer* expanded, Failure* failure) const;

  LaunchState* state_;
  const LaunchLog& log_;
  RootBuilder builder_;
  Environment environment_{&state_->envp, &state_->arena};
  Tracer tracer_{&state_->arena};
  bool traced_ = false;
  char* arguments_[kMaxPlanSteps] = {};
  size_t argument_count_ = 0;
  bool committed_ = false;
};

}  // namespace reloc
