#include "reloc/launch/executor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reloc/base/env.h"
#include "reloc/launch/namespaces.h"
#include "reloc/launch/symlink_root.h"

namespace reloc {
namespace {

const char* OpName(Op op) {
  switch (op) {
    case Op::kUnshare:
      return "unshare";
    case Op::kStageRoot:
      return "stage root";
    case Op::kBindStore:
      return "bind store";
    case Op::kEnterRoot:
      return "enter root";
    case Op::kSymlinkRoot:
      return "symlink root";
    case Op::kJoin:
      return "join";
    case Op::kRestoreCwd:
      return "restore working directory";
    case Op::kSetEnv:
      return "set variable";
    case Op::kPrependEnv:
      return "prepend to variable";
    case Op::kCommit:
      return "commit";
    case Op::kArg:
      return "argument";
    case Op::kExec:
      return "exec";
    case Op::kRefuse:
      return "refuse";
  }
  return "unknown step";
}

size_t Count(char* const* list) {
  size_t count = 0;
  while (list[count] != nullptr) ++count;
  return count;
}

const char* UnshareHint(int error) {
  // ENOSPC: a limit of zero or used up, see user_namespaces(7).
  if (error == ENOSPC) return "user.max_user_namespaces is 0 or used up";
  if (error == EPERM)
    return "unprivileged user namespaces are switched off on this host, or this is a chroot";
  return nullptr;
}

void DebugStep(const Trace& trace, const Step& step, uint64_t started, const Failure& failure) {
  if (!trace.debug()) return;
  FixedText<1024> line;
  line << OpName(step.op) << ' ' << step.a << ": ";
  if (failure.failed()) {
    failure.Describe(&line);
  } else {
    line << "ok, " << (MonotonicMicros() - started) << " us";
  }
  trace.Debug(line.view());
}

// A umask that is restored: roots are built with 022, whatever the caller's is.
class UmaskScope {
 public:
  UmaskScope() : saved_(::umask(022)) {}
  ~UmaskScope() { ::umask(saved_); }
  UmaskScope(const UmaskScope&) = delete;
  UmaskScope& operator=(const UmaskScope&) = delete;

 private:
  mode_t saved_;
};

}  // namespace

bool Executor::Prepare(std::span<const Step> steps, Failure* failure) {
  UmaskScope umask_scope;
  for (const Step& step : steps) {
    uint64_t started = trace_.debug() ? MonotonicMicros() : 0;
    bool done = PrepareStep(step, failure);
    DebugStep(trace_, step, started, *failure);
    if (!done) return false;
  }
  return true;
}

void Executor::Enter(std::span<const Step> steps, Failure* failure) {
  for (const Step& step : steps) {
    if (step.op == Op::kExec) DebugStep(trace_, step, MonotonicMicros(), *failure);
    uint64_t started = trace_.debug() ? MonotonicMicros() : 0;
    bool done = EnterStep(step, failure);
    DebugStep(trace_, step, started, *failure);
    if (!done) return;
  }
}

bool Executor::PrepareStep(const Step& step, Failure* failure) {
  switch (step.op) {
    case Op::kUnshare:
      if (Errno e = EnterNewNamespaces(); !e.ok()) failure->Set("unshare", e, "", UnshareHint(e.value));
      return !failure->failed();
    case Op::kStageRoot:
      return builder_.Stage(step.a, failure);
    case Op::kBindStore:
      return BindStore(step, failure);
    case Op::kEnterRoot:
      return builder_.Enter(failure);
    case Op::kSymlinkRoot: {
      PathText store;
      return Expand(step.a, &store, failure) &&
             EnsureSymlinkRoot(state_->envp, store.view(), step.b, &state_->symlink_root, failure);
    }
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
      return SetEnv(step, false, failure);
    case Op::kPrependEnv:
      return SetEnv(step, true, failure);
    case Op::kArg:
      return AddArgument(step, failure);
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
  if (state_->root != Root::kToJoin) return true;
  bool joined_user = false;
  Errno e = JoinNamespaces(state_->user_ns.get(), state_->mount_ns.get(), &joined_user);
  if (!e.ok()) failure->Set(joined_user ? "join mount namespace" : "join namespaces", e, "");
  return e.ok();
}

bool Executor::RestoreCwd() {
  if (state_->root == Root::kHost) return true;
  Errno e = state_->cwd.Restore();
  // A directory that even the caller could no longer reach is no reason to refuse the program; it starts in
  // "/".
  if (!e.ok() && trace_.debug()) trace_.Debug("the working directory cannot be reached any more");
  return true;
}

bool Executor::SetEnv(const Step& step, bool prepend, Failure* failure) {
  FixedText<8192> value;
  if (!Expand(step.b, &value, failure)) return false;
  const char* old = EnvLookup(state_->envp, step.a);
  size_t count = Count(state_->envp);
  char** envp = state_->arena.TakeArray<char*>(count + 2);
  string_view kept = prepend && old != nullptr && old[0] != '\0' ? string_view(old) : string_view();
  size_t size = step.a.size() + value.size() + kept.size() + 3;
  char* memory = state_->arena.TakeArray<char>(size);
  if (envp == nullptr || memory == nullptr) {
    failure->Set("set variable", Errno{ENOMEM}, step.a);
    return false;
  }
  TextBuffer text(memory, size);
  text << step.a << '=' << value.view();
  if (!kept.empty()) text << ':' << kept;
  size_t used = 0;
  for (size_t i = 0; i < count; ++i) {
    bool replaced = old != nullptr && state_->envp[i] + step.a.size() + 1 == old;
    if (!replaced) envp[used++] = state_->envp[i];
  }
  envp[used] = memory;
  state_->envp = envp;
  return true;
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
  char* const* argv = state_->argv;
  if (argument_count_ > 0) {
    size_t rest = Count(argv) > 0 ? Count(argv) - 1 : 0;
    char** full = state_->arena.TakeArray<char*>(1 + argument_count_ + rest + 1);
    char* name = state_->arena.Copy(path.view());
    if (full == nullptr || name == nullptr) {
      failure->Set("exec", Errno{ENOMEM}, path.view());
      return false;
    }
    full[0] = name;
    memcpy(full + 1, arguments_, argument_count_ * sizeof(char*));
    if (rest > 0) memcpy(full + 1 + argument_count_, argv + 1, rest * sizeof(char*));
    argv = full;
  }
  ::execve(path.c_str(), argv, state_->envp);
  failure->Set("exec", Errno::Last(), path.view());
  return false;
}

bool Executor::Expand(string_view text, TextBuffer* expanded, Failure* failure) const {
  for (char c : text) {
    switch (c) {
      case kPackDir:
        *expanded << state_->pack_dir;
        break;
      case kSymlinkRoot:
        *expanded << state_->symlink_root.view();
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
