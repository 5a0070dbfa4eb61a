#include "reloc/launch/executor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reloc/base/env.h"
#include "reloc/base/path.h"
#include "reloc/launch/graft_path.h"
#include "reloc/launch/mirror_link.h"
#include "reloc/launch/namespaces.h"
#include "reloc/launch/program_path.h"

namespace reloc {
namespace {

constexpr string_view kOwnFiles = "/.reloc";  // in a pack

const char* UnshareHint(int error) {
  // ENOSPC: a limit is zero or exhausted, see user_namespaces(7).
  if (error == ENOSPC) return "user.max_user_namespaces is 0 or used up";
  if (error == EPERM || error == EACCES) {
    return "unprivileged user namespaces, or mounts in them, are refused here: relocctl engines tells the "
           "cure";
  }
  return nullptr;
}

void DebugStep(const LaunchLog& log, const Step& step, uint64_t started, const Failure& failure) {
  if (!log.debug()) return;
  FixedText<1024> line;
  line << OpName(step.op) << ' ' << step.a << ": ";
  if (failure.failed()) {
    failure.Describe(&line);
  } else {
    line << "ok, " << (MonotonicMicros() - started) << " us";
  }
  log.Debug(line.view());
}

// Sets the umask 022 to build roots, whatever the caller's is, and restores it.
class UmaskScope {
 public:
  explicit UmaskScope(bool builds) : builds_(builds), saved_(builds ? ::umask(022) : 0) {}
  ~UmaskScope() {
    if (builds_) ::umask(saved_);
  }
  UmaskScope(const UmaskScope&) = delete;
  UmaskScope& operator=(const UmaskScope&) = delete;

 private:
  bool builds_;
  mode_t saved_;
};

}  // namespace

bool Executor::Prepare(std::span<const Step> steps, Failure* failure) {
  UmaskScope umask_scope(FindStep(steps, Op::kStageRoot) != nullptr);
  for (const Step& step : steps) {
    uint64_t started = log_.debug() ? MonotonicMicros() : 0;
    bool done = PrepareStep(step, failure);
    DebugStep(log_, step, started, *failure);
    if (!done) return false;
  }
  return true;
}

void Executor::Enter(std::span<const Step> steps, Failure* failure) {
  for (const Step& step : steps) {
    if (log_.debug() && step.op == Op::kExec) DebugStep(log_, step, MonotonicMicros(), *failure);
    uint64_t started = log_.debug() ? MonotonicMicros() : 0;
    bool done = EnterStep(step, failure);
    DebugStep(log_, step, started, *failure);
    if (!done) return;
  }
}

bool Executor::PrepareStep(const Step& step, Failure* failure) {
  switch (step.op) {
    case Op::kUnshare:
      return Unshare(failure);
    case Op::kStageRoot:
      return builder_.Stage(step.a, failure);
    case Op::kBindStore:
      return BindStore(step, failure);
    case Op::kEnterRoot:
      return builder_.Enter(failure);
    case Op::kRequire:
      return Require(step, failure);
    case Op::kFindGraft:
      return FindGraft(step, failure);
    case Op::kFindTracer:
      return FindTracer(step, failure);
    case Op::kTraceStore:
      state_->traced_prefix = step.b;
      return true;
    default:
      failure->Set(OpName(step.op), Errno{EINVAL}, "");
      return false;
  }
}

bool Executor::EnterStep(const Step& step, Failure* failure) {
  switch (step.op) {
    case Op::kJoin:
      return Join(failure);
    case Op::kRestoreCwd:
      return RestoreCwd();
    case Op::kSetEnv:
      return SetEnv(step, failure);
    case Op::kPrependEnv:
      return PrependEnv(step, failure);
    case Op::kMapEnv:
      return environment_.Map(step.a, step.b, state_->store_dir, failure);
    case Op::kArg:
      return AddArgument(step, failure);
    case Op::kTrace:
      return StartTracer(step, failure);
    case Op::kExec:
      return Exec(step, failure);
    case Op::kCommit:
      committed_ = true;
      return true;
    default:
      failure->Set(OpName(step.op), Errno{EINVAL}, "");
      return false;
  }
}

bool Executor::Unshare(Failure* failure) {
  const char* made = nullptr;
  Errno e = EnterNewNamespaces(&made);
  if (!e.ok()) failure->Set(made, e, "", UnshareHint(e.value));
  return e.ok();
}

bool Executor::BindStore(const Step& step, Failure* failure) {
  PathText store;
  if (state_->store_path != nullptr) {
    store << state_->store_path;
  } else if (!Expand(step.a, &store, failure)) {
    return false;
  }
  return builder_.BindStore(store.c_str(), step.b, failure);
}

bool Executor::Join(Failure* failure) {
  if (state_->root != RootAccess::kToJoin) return SeesStore(failure);
  bool joined_user = false;
  Errno e = JoinNamespaces(state_->user_ns.get(), state_->mount_ns.get(), &joined_user);
  if (!e.ok()) {
    const char* fix = e.value == EPERM ? "setns(2) is refused here; use another engine" : nullptr;
    failure->Set(joined_user ? "join mount namespace" : "join namespaces", e, "", fix);
  }
  if (!e.ok() || !SeesStore(failure)) return false;
  // With a user namespace of its own the program could not change the host's name anyway.
  if (joined_user) MarkAsJob();
  return true;
}

// A tracer that changes paths continues to show the store that it shows, whatever is mounted: another pack's.
bool Executor::SeesStore(Failure* failure) {
  if (state_->root == RootAccess::kHost || state_->bound_prefix.empty()) return true;
  state_->shown = IdentifyStore(state_->bound_prefix, state_->store, state_->daemon_dir, state_->digest);
  if (state_->shown != Shown::kOther) return true;
  failure->Set("see the store", kOk, state_->bound_prefix,
               "inside a job of the engine proot: use proot or fakechroot");
  return false;
}

bool Executor::RestoreCwd() {
  if (state_->root == RootAccess::kHost) return true;
  Errno e = state_->cwd.Restore();
  // A directory that even the caller could no longer reach is no reason to refuse the program; it starts in
  // "/".
  if (!e.ok() && log_.debug()) log_.Debug("the working directory cannot be reached any more");
  return true;
}

bool Executor::Require(const Step& step, Failure* failure) {
  PathText path;
  if (!Expand(step.a, &path, failure)) return false;
  if (::access(path.c_str(), R_OK) == 0) return true;
  // The fix is text of the plan, NUL-terminated, and outlives the failure.
  failure->Set("find", Errno::Last(), path.view(), step.b.data());
  return false;
}

bool Executor::FindGraft(const Step& step, Failure* failure) {
  TextBuffer& path = state_->graft;
  path.Clear();
  PathText store;
  store << '/' << kMirrorLinks << '/';
  AppendMirrorName(state_->digest, kGraftedMirror, &store);
  store << step.a;
  const char* fault = kNoGraftedMirror;
  if (FindMirror(state_->daemon_dir, state_->digest, kGraftedMirror, &path).ok()) {
    fault = GraftPathFault(path.c_str(), store.view());
  }
  // The fix is text of the plan, as above.
  if (fault != nullptr) failure->Set(fault, kOk, path.view(), step.b.data());
  return fault == nullptr;
}

bool Executor::FindTracer(const Step& step, Failure* failure) {
  if (state_->root == RootAccess::kHost) return true;
  PathText packs_own;
  if (!Expand(step.a, &packs_own, failure)) return false;
  PathText tracer;
  Errno e = FindProgram(packs_own.view(), "proot", state_->envp, &tracer);
  if (e.ok()) state_->tracer = state_->arena.Copy(tracer.view());
  if (state_->tracer == nullptr) e = Errno{ENOMEM};
  // The fix is text of the plan, as above.
  if (!e.ok()) failure->Set("find proot", e, "", step.b.data());
  return e.ok();
}

bool Executor::StartTracer(const Step& step, Failure* failure) {
  if (state_->root == RootAccess::kHost) return true;
  PathText tracee;
  if (!Expand(step.a, &tracee, failure)) return false;
  traced_ = tracer_.Start({.tracer = state_->tracer,
                           .tracee = tracee.c_str(),
                           .pack_dir = state_->store_dir,
                           .prefix = state_->traced_prefix,
                           .program = step.b.data(),
                           .store = state_->store},
                          failure);
  return traced_;
}

bool Executor::SetEnv(const Step& step, Failure* failure) {
  FixedText<8192> value;
  return Expand(step.b, &value, failure) && environment_.Set(step.a, value.view(), failure);
}

bool Executor::PrependEnv(const Step& step, Failure* failure) {
  FixedText<8192> value;
  return Expand(step.b, &value, failure) && environment_.Prepend(step.a, value.view(), failure);
}

bool Executor::AddArgument(const Step& step, Failure* failure) {
  FixedText<8192> text;
  if (!Expand(step.a, &text, failure)) return false;
  arguments_[argument_count_] = state_->arena.Copy(text.view());
  if (arguments_[argument_count_++] != nullptr) return true;
  failure->Set("argument", Errno{ENOMEM}, step.a);
  return false;
}

bool Executor::Exec(const Step& step, Failure* failure) {
  PathText path;
  if (!Expand(step.a, &path, failure)) return false;
  Errno error{ENOMEM};
  if (char* const* argv = Arguments(path.view()); argv == nullptr) {
    // Nothing was executed.
  } else if (traced_) {
    error = tracer_.Run(argv, state_->envp);
  } else {
    ::execve(path.c_str(), argv, state_->envp);
    error = Errno::Last();
  }
  failure->Set("exec", error, path.view());
  return false;
}

// Returns the caller's arguments, or those of the plan in place of its argv[0]; nullptr: out of memory.
char* const* Executor::Arguments(string_view path) {
  if (argument_count_ == 0) return state_->argv;
  size_t count = CountStrings(state_->argv);
  char** full = state_->arena.TakeArray<char*>(1 + argument_count_ + count + 1);
  char* name = state_->arena.Copy(path);
  if (full == nullptr || name == nullptr) return nullptr;
  full[0] = name;
  memcpy(full + 1, arguments_, argument_count_ * sizeof(char*));
  if (count > 1) memcpy(full + 1 + argument_count_, state_->argv + 1, (count - 1) * sizeof(char*));
  return full;
}

// Expands placeholders. Paths in the pack's .reloc, and so all modules that are executed, are taken from the
// pack itself, whatever provides the store.
bool Executor::Expand(string_view text, TextBuffer* expanded, Failure* failure) const {
  for (size_t i = 0; i < text.size(); ++i) {
    switch (const char c = text[i]; c) {
      case kPackDir:
        *expanded << (IsBelow(Suffix(text, i + 1), kOwnFiles) ? state_->pack_dir : state_->store_dir);
        break;
      case kGraftDir:
        *expanded << state_->graft.view();
        break;
      case kArgv0:
        *expanded << (state_->argv[0] != nullptr ? state_->argv[0] : "");
        break;
      default:
        *expanded << c;
    }
  }
  if (expanded->overflowed()) failure->Set("expand", Errno{ENAMETOOLONG}, text);
  return !expanded->overflowed();
}

}  // namespace reloc
