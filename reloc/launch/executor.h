// Carries out a plan, in the process that becomes the program. Decides nothing: every step does one thing or
// fails. Runs in three places: in the shim with the plan that the daemon sent, in the shim with the plan from
// the pack, and in the daemon's root builder (only the prepare part).
#pragma once

#include <span>

#include "reloc/base/unique_fd.h"
#include "reloc/launch/arena.h"
#include "reloc/launch/caller.h"
#include "reloc/launch/environment.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/mirror_link.h"
#include "reloc/launch/plan.h"
#include "reloc/launch/root_builder.h"
#include "reloc/launch/tracer.h"

namespace reloc {

// How the process reaches the root that the program will see.
enum class RootAccess {
  kToJoin,  // kJoin has namespaces to join
  kInside,  // `prepare` ran in this process: it is inside already, in the root's "/"
  kHost,    // the prefix shows this pack's store already: nothing to join, no working directory to restore
};

// What the steps need to know about the launching process, and what they pass on to each other.
struct LaunchState {
  string_view pack_dir;         // absolute; the pack that is launched
  string_view store_dir;        // absolute; the pack, or a mirror that has its store
  int daemon_dir = -1;          // where mirrors are published; from OpenDaemonDir()
  PackDigest digest{};          // of the plan
  char* const* argv = nullptr;  // the caller's
  char* const* envp = nullptr;  // the caller's; replaced by steps that set variables
  const char* store_path =
      nullptr;   // if set, kBindStore binds this instead of its `a`: a verified descriptor
  FileId store;  // the directory at the store's real path, if an engine needs to know it
  RootAccess root = RootAccess::kToJoin;
  UniqueFd user_ns;  // for kJoin
  UniqueFd mount_ns;
  SavedCwd cwd;                 // for kRestoreCwd
  const char* tracer = "";      // from kFindTracer, in the arena
  string_view traced_prefix;    // from kTraceStore
  PathText graft;               // from kFindGraft; replaces Placeholder::kGraftDir
  Shown shown = Shown::kOther;  // at the store prefix, when the program is executed
  string_view bound_prefix;     // where the root that kJoin enters must show `store`; empty: not checked
  Arena arena;
};

class Executor {
 public:
  Executor(LaunchState* state, const LaunchLog& log) : state_(state), log_(log) {}

  // Both stop at the first step that fails, and set `*failure`.
  bool Prepare(std::span<const Step> steps, Failure* failure);
  // Returns only on failure if given the whole enter part; may also be called with successive parts of it.
  void Enter(std::span<const Step> steps, Failure* failure);

  // Returns true after kCommit: nothing different may be tried then.
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
