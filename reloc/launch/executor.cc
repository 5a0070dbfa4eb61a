#include "reloc/launch/executor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reloc/base/env.h"
#include "reloc/base/path.h"
#include "reloc/launch/namespaces.h"

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
    case Op::kRequire:
      return "find";
    case Op::kFindTracer:
      return "find tracer";
    case Op::kTraceStore:
      return "trace store";
    case Op::kJoin:
      return "join";
    case Op::kRestoreCwd:
      return "restore working directory";
    case Op::kSetEnv:
      return "set variable";
    case Op::kPrependEnv:
      return "prepend to variable";
    case Op::kMapEnv:
      return "map variable";
    case Op::kCommit:
      return "commit";
    case Op::kArg:
      return "argument";
    case Op::kTrace:
      return "trace";
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

bool OutOfMemory(const char* step, string_view about, Failure* failure) {
  failure->Set(step, Errno{ENOMEM}, about);
  return false;
}

// False for a path that the list in the variable `name` would take apart.
bool IsListElement(string_view name, string_view path, Failure* failure) {
  const char* cure = nullptr;
  if (memchr(path.data(), ':', path.size()) != nullptr) cure = "move the pack to a path without ':'";
  // ld.so(8): spaces separate there, too.
  if (name == "LD_PRELOAD" && memchr(path.data(), ' ', path.size()) != nullptr) {
    cure = "move the pack to a path without spaces";
  }
  // ld.so passes over longer names without a word (audit_list_next() in elf/rtld.c).
  if (name == "LD_AUDIT" && path.size() >= 255) cure = "move the pack to a shorter path";
  if (cure != nullptr) failure->Set("put into a list", Errno{EINVAL}, path, cure);
  return cure == nullptr;
}

const char* UnshareHint(int error) {
  // ENOSPC: a limit of zero or used up, see user_namespaces(7).
  if (error == ENOSPC) return "user.max_user_namespaces is 0 or used up";
  if (error == EPERM || error == EACCES) {
    return "unprivileged user namespaces, or mounts in them, are refused here: relocctl engines tells the "
           "cure";
  }
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
    if (trace_.debug() && step.op == Op::kExec) DebugStep(trace_, step, MonotonicMicros(), *failure);
    uint64_t started = trace_.debug() ? MonotonicMicros() : 0;
    bool done = EnterStep(step, failure);
    DebugStep(trace_, step, started, *failure);
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
      return MapEnv(step, failure);
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
  if (state_->root != Root::kToJoin) return SeesStore(failure);
  bool joined_user = false;
  Errno e = JoinNamespaces(state_->user_ns.get(), state_->mount_ns.get(), &joined_user);
  if (!e.ok()) {
    const char* cure = e.value == EPERM ? "setns(2) is refused here; use another engine" : nullptr;
    failure->Set(joined_user ? "join mount namespace" : "join namespaces", e, "", cure);
  }
  return e.ok() && SeesStore(failure);
}

// A tracer that changes paths goes on to show what it shows, whatever is mounted: another pack's store.
bool Executor::SeesStore(Failure* failure) const {
  if (state_->root == Root::kHost || state_->bound_prefix.empty()) return true;
  PathText prefix;
  prefix << state_->bound_prefix;
  Result<FileId> shown = IdentifyAt(AT_FDCWD, prefix.c_str());
  if (shown.ok() && *shown == state_->store) return true;
  failure->Set("see the store", kOk, prefix.view(),
               "inside a job of the engine proot: use proot or fakechroot");
  return false;
}

bool Executor::RestoreCwd() {
  if (state_->root == Root::kHost) return true;
  Errno e = state_->cwd.Restore();
  // A directory that even the caller could no longer reach is no reason to refuse the program; it starts in
  // "/".
  if (!e.ok() && trace_.debug()) trace_.Debug("the working directory cannot be reached any more");
  return true;
}

bool Executor::Require(const Step& step, Failure* failure) {
  PathText path;
  if (!Expand(step.a, &path, failure)) return false;
  if (::access(path.c_str(), R_OK) == 0) return true;
  // The cure is text of the plan, NUL-terminated, and outlives the failure.
  failure->Set("find", Errno::Last(), path.view(), step.b.data());
  return false;
}

// The pack's proot, else the first in $PATH, else where Debian has it.
bool Executor::FindTracer(const Step& step, Failure* failure) {
  if (state_->root == Root::kHost) return true;
  PathText* path = &state_->tracer;
  if (!Expand(step.a, path, failure)) return false;
  if (::access(path->c_str(), X_OK) == 0) return true;
  string_view rest = EnvValue(state_->envp, "PATH");
  while (!rest.empty()) {
    string_view directory = SplitFirst(rest, ':', &rest);
    path->Clear();
    *path << directory << "/proot";
    if (IsCleanAbsolute(path->view()) && ::access(path->c_str(), X_OK) == 0) return true;
  }
  path->Clear();
  *path << "/usr/bin/proot";
  if (::access(path->c_str(), X_OK) == 0) return true;
  failure->Set("find proot", Errno::Last(), "", step.b.data());
  return false;
}

bool Executor::StartTracer(const Step& step, Failure* failure) {
  if (state_->root == Root::kHost) return true;
  PathText tracee;
  if (!Expand(step.a, &tracee, failure)) return false;
  traced_ = tracer_.Start({.tracer = state_->tracer.c_str(),
                           .tracee = tracee.c_str(),
                           .pack_dir = state_->pack_dir,
                           .prefix = state_->traced_prefix,
                           .program = step.b.data(),
                           .store = state_->store},
                          failure);
  return traced_;
}

bool Executor::SetEnv(const Step& step, Failure* failure) {
  FixedText<8192> value;
  return Expand(step.b, &value, failure) && Assign(step.a, value.view(), {}, failure);
}

bool Executor::PrependEnv(const Step& step, Failure* failure) {
  FixedText<8192> value;
  if (!Expand(step.b, &value, failure)) return false;
  if (!IsListElement(step.a, value.view(), failure)) return false;
  return Assign(step.a, value.view(), EnvValue(state_->envp, step.a), failure);
}

// Lets a list of directories that the caller gave in store paths work where nothing maps the store prefix.
bool Executor::MapEnv(const Step& step, Failure* failure) {
  string_view rest = EnvValue(state_->envp, step.a);
  size_t elements = 1;
  for (char c : rest) {
    if (c == ':') ++elements;
  }
  size_t size = rest.size() + elements * (state_->pack_dir.size() + 1) + 1;
  bool mapped = false;
  char* memory = rest.empty() ? nullptr : state_->arena.TakeArray<char>(size);
  if (memory == nullptr) return rest.empty() || OutOfMemory("map variable", step.a, failure);
  TextBuffer list(memory, size);
  while (elements-- > 0) {
    string_view element = SplitFirst(rest, ':', &rest);
    if (IsBelow(element, step.b)) {
      list << state_->pack_dir;
      mapped = true;
    }
    list << element << (elements > 0 ? ":" : "");
  }
  if (!mapped) return true;
  return IsListElement(step.a, state_->pack_dir, failure) && Assign(step.a, list.view(), {}, failure);
}

// NAME=first, or NAME=first:second.
bool Executor::Assign(string_view name, string_view first, string_view second, Failure* failure) {
  size_t count = Count(state_->envp);
  size_t size = name.size() + first.size() + second.size() + 3;
  char** envp = state_->arena.TakeArray<char*>(count + 2);
  char* memory = state_->arena.TakeArray<char>(size);
  if (envp == nullptr || memory == nullptr) return OutOfMemory("set variable", name, failure);
  TextBuffer text(memory, size);
  text << name << '=' << first;
  if (second.data() != nullptr) text << ':' << second;
  const char* old = EnvLookup(state_->envp, name);
  size_t place = count;  // a new one comes last
  for (size_t i = 0; i < count; ++i) {
    envp[i] = state_->envp[i];
    if (old != nullptr && envp[i] + name.size() + 1 == old) place = i;
  }
  envp[place] = memory;
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
  Errno error = kOk;
  if (traced_) {
    error = tracer_.Run(argv, state_->envp);
  } else {
    ::execve(path.c_str(), argv, state_->envp);
    error = Errno::Last();
  }
  failure->Set("exec", error, path.view());
  return false;
}

bool Executor::Expand(string_view text, TextBuffer* expanded, Failure* failure) const {
  for (char c : text) {
    switch (c) {
      case kPackDir:
        *expanded << state_->pack_dir;
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
