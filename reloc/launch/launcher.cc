#include "reloc/launch/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/daemon_link.h"
#include "reloc/launch/engine_chain.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/namespaces.h"
#include "reloc/launch/probe_memory.h"
#include "reloc/launch/root_registry.h"
#include "reloc/launch/wire.h"

namespace reloc {
namespace {

// Large, and one launch a process: not on a stack that the caller's limits may keep small.
char g_message[kMaxMessageBytes];
char g_reply[kMaxMessageBytes];  // holds the texts of the reply's plan until exec
char g_argv[kMaxArgvBytes];

struct RootBuild {
  Executor* executor;
  std::span<const Step> steps;
  LaunchState* state;
  Failure* failure;
};

// Runs in the helper, which shares our memory and descriptors.
Errno BuildRoot(void* argument) {
  RootBuild* build = static_cast<RootBuild*>(argument);
  LaunchState* state = build->state;
  const bool privileged = HasSysAdmin();
  if (!build->executor->Prepare(build->steps, build->failure)) return build->failure->error;
  RELOC_TRY(OpenOwnNamespaces(&state->user_ns, &state->mount_ns));
  // With privileges there is no new user namespace, and setns(2) into one's own is EINVAL.
  if (privileged) state->user_ns.Reset();
  return kOk;
}

const Step* FindStep(std::span<const Step> steps, Op op) {
  for (const Step& step : steps) {
    if (step.op == op) return &step;
  }
  return nullptr;
}

class Launcher {
 public:
  Launcher(const LaunchRequest& request, const Trace& trace) : request_(request), trace_(trace) {
    state_.pack_dir = request.pack_dir;
    state_.argv = request.argv;
    state_.envp = request.envp;
  }

  int Run();

 private:
  bool KnownToFail(Engine engine) const;
  bool TryEngine(Engine engine);
  bool FindPlan(Engine engine);
  void OpenDaemon();
  bool OpenDir(string_view path);
  bool Connect();
  void TryPlan();
  bool FindStore(const Step& bind);
  bool JoinPublished();
  bool AskDaemon();
  bool UseReply(const ReplyMessage& reply);
  bool BuildHere();
  void Enter(const Plan& plan);
  void Tell();
  string_view EncodeMessage(MessageType type);
  string_view ProgramPath();
  void NoteFailure(Engine engine, string_view text);
  void NoteReason(Reason reason);
  int Report();

  const LaunchRequest& request_;
  const Trace& trace_;
  LaunchState state_;
  Plan plan_;
  const Step* bind_ = nullptr;  // of plan_; nullptr: the engine needs no root
  Plan reply_plan_;
  Plan first_plan_;
  Failure failure_;
  bool committed_ = false;
  PathText daemon_path_;
  UniqueFd daemon_dir_;
  DaemonLink link_;
  Reason reason_ = Reason::kNone;  // why the first choice was not taken
  CallerContext caller_;
  FileId store_;
  UniqueFd store_fd_;
  FixedText<4096> reasons_;  // one engine after the other, for the final error
};

int Launcher::Run() {
  EngineChain chain =
      request_.engine.empty() ? EngineChainFromEnv(request_.envp) : ParseEngineChain(request_.engine);
  if (!chain.unknown.empty()) {
    FixedText<256> line;
    line << "unknown engine '" << Prefix(chain.unknown, 64) << "', ignoring";
    trace_.Warning(line.view());
  }
  OpenDaemon();
  EngineChain skipped;
  size_t skipped_count = 0;
  for (Engine engine : chain.engines) {
    if (engine == Engine::kNone) break;
    if (KnownToFail(engine)) {
      skipped.engines[skipped_count++] = engine;
    } else if (TryEngine(engine)) {
      return Report();
    }
  }
  // What is remembered may be out of date: before nothing works, everything is tried.
  for (size_t i = 0; i < skipped_count && !TryEngine(skipped.engines[i]); ++i) {
  }
  return Report();
}

// By what is remembered. Of proot alone: that it fails costs processes and milliseconds; that userns fails
// costs less than to look it up.
bool Launcher::KnownToFail(Engine engine) const {
  if (engine != Engine::kProot) return false;
  bool fails = FindVerdict(daemon_dir_.get(), Probe::kProot) == Verdict::kFails;
  if (fails) trace_.Debug("proot: skipped, it failed when it was probed (relocctl engines probes anew)");
  return fails;
}

// False: another engine may be tried.
bool Launcher::TryEngine(Engine engine) {
  if (!FindPlan(engine)) return false;
  TryPlan();
  if (committed_) return true;
  FixedText<1024> text;
  failure_.Describe(&text);
  NoteFailure(engine, text.view());
  NoteReason(Reason::kEngine);
  return false;
}

// Finds the engine's plan among the pack's; leaves it in plan_.
bool Launcher::FindPlan(Engine engine) {
  std::span<const char> rest = request_.plans;
  while (!rest.empty()) {
    size_t used = 0;
    const char* why = nullptr;
    if (!Plan::Parse(rest, &plan_, &used, &why)) {
      FixedText<256> line;
      line << "the pack's plan is damaged: " << why;
      NoteFailure(engine, line.view());
      return false;
    }
    rest = std::span<const char>(rest.data() + used, rest.size() - used);
    if (plan_.engine() != engine) continue;
    const Step* refusal = plan_.refusal();
    if (refusal == nullptr) return true;
    FixedText<1024> line;
    line << refusal->a << " (" << refusal->b << ')';
    NoteFailure(engine, line.view());
    return false;
  }
  NoteFailure(engine, "not available in this version (use userns, proot or fakechroot)");
  return false;
}

// Opens the daemon's directory: the user's, else the site's. No daemon is no error.
void Launcher::OpenDaemon() {
  if (EnvValue(request_.envp, "RELOC_DAEMON") == "off") return;
  PathText path;
  if (DaemonDir(request_.envp, &path).ok() && OpenDir(path.view())) return;
  Reason first = reason_;
  if (!OpenDir(kSiteDaemonDir)) reason_ = first;
}

bool Launcher::OpenDir(string_view path) {
  daemon_path_.Clear();
  daemon_path_ << path;
  Result<UniqueFd> dir = OpenDaemonDir(daemon_path_.c_str());
  reason_ = dir.ok()                     ? Reason::kNone
            : dir.error().value == EPERM ? Reason::kForeignDaemon
                                         : Reason::kNoDaemon;
  if (dir.ok()) daemon_dir_ = static_cast<UniqueFd&&>(*dir);
  return dir.ok();
}

// Connects just before something is sent: a daemon that wakes up for a connection and again for its message
// costs the caller two wake-ups.
bool Launcher::Connect() {
  if (link_.connected()) return true;
  if (!daemon_dir_.valid()) return false;
  Reason r = link_.Connect(daemon_dir_.get(), daemon_path_.view());
  if (r == Reason::kNoDaemon && daemon_path_.view() != kSiteDaemonDir && OpenDir(kSiteDaemonDir)) {
    r = link_.Connect(daemon_dir_.get(), daemon_path_.view());
  }
  if (r != Reason::kNone) NoteReason(r);
  return r == Reason::kNone;
}

void Launcher::TryPlan() {
  failure_.Clear();
  reply_plan_ = Plan();
  state_.root = Root::kToJoin;
  bind_ = FindStep(plan_.prepare(), Op::kBindStore);
  const Step* traced = FindStep(plan_.prepare(), Op::kTraceStore);
  if (traced != nullptr && !FindStore(*traced)) return;
  if (bind_ != nullptr) {
    if (!FindStore(*bind_)) return;
    if (state_.root == Root::kHost || JoinPublished() || AskDaemon()) {
      Enter(reply_plan_.engine() == Engine::kNone ? plan_ : reply_plan_);
      if (committed_) return;
      NoteReason(Reason::kJoin);
    }
    if (BuildHere()) Enter(plan_);
    return;
  }
  Executor executor(&state_, trace_);
  if (executor.Prepare(plan_.prepare(), &failure_)) Enter(plan_);
}

// Identifies the store that the plan binds, and finds out whether the prefix already shows it: a program of a
// pack that starts another entry of the same pack needs nothing but exec.
bool Launcher::FindStore(const Step& bind) {
  PathText path;
  path << request_.pack_dir << Suffix(bind.a, 1);
  Result<UniqueFd> fd = Open(path.c_str(), O_PATH | O_DIRECTORY);
  Result<FileId> id = fd.ok() ? Identify(fd->get()) : Result<FileId>(fd.error());
  if (!id.ok()) {
    failure_.Set("open store", id.error(), path.view(),
                 "the pack is incomplete: relocctl pack verify tells more");
    return false;
  }
  store_ = *id;
  state_.store = *id;
  store_fd_ = static_cast<UniqueFd&&>(*fd);
  PathText prefix;
  prefix << bind.b;
  Result<FileId> shown = IdentifyAt(AT_FDCWD, prefix.c_str());
  if (shown.ok() && *shown == store_) {
    state_.root = Root::kHost;
    trace_.Debug("the store prefix already shows this pack's store");
    return true;
  }
  state_.cwd.Save();
  if (!daemon_dir_.valid()) return true;
  Result<CallerContext> caller = ReadCallerRoot();
  if (caller.ok()) caller_ = *caller;
  return true;
}

bool Launcher::JoinPublished() {
  if (!daemon_dir_.valid()) return false;
  RootKey key{store_, plan_.digest(), HashText(bind_->b)};
  Result<RootNamespaces> root = FindPublishedRoot(daemon_dir_.get(), key, caller_);
  if (!root.ok()) return false;
  trace_.Debug("joining a root that the daemon published");
  state_.user_ns = static_cast<UniqueFd&&>(root->user);
  state_.mount_ns = static_cast<UniqueFd&&>(root->mount);
  return true;
}

bool Launcher::AskDaemon() {
  if (!Connect()) return false;
  uint64_t deadline = MonotonicMicros() + kDaemonDeadlineMicros;
  Result<CallerContext> caller = ReadCallerContext();
  if (caller.ok()) caller_ = *caller;
  Reason r = link_.Send(EncodeMessage(MessageType::kLaunch), store_fd_.get());
  ReplyMessage reply;
  if (r == Reason::kNone) {
    r = link_.Receive(deadline, g_reply, &reply, &state_.user_ns, &state_.mount_ns);
  }
  if (r == Reason::kNone && !UseReply(reply)) r = Reason::kProtocol;
  if (r == Reason::kNone) return true;
  NoteReason(r);
  FixedText<512> line;
  line << "daemon: " << ReasonName(r) << ' ' << Prefix(reply.text, 400) << "; making the root here";
  trace_.Debug(line.view());
  // After anything but an orderly refusal the connection's state is unknown.
  if (r != Reason::kRefused && r != Reason::kContext) link_ = DaemonLink();
  return false;
}

bool Launcher::UseReply(const ReplyMessage& reply) {
  size_t used = 0;
  const char* why = nullptr;
  bool parsed = Plan::Parse({reply.plan.data(), reply.plan.size()}, &reply_plan_, &used, &why);
  bool usable = parsed && used == reply.plan.size() && reply_plan_.prepare().empty() &&
                reply_plan_.refusal() == nullptr && reply_plan_.engine() == plan_.engine();
  if (!usable) reply_plan_ = Plan();
  return usable;
}

bool Launcher::BuildHere() {
  Executor executor(&state_, trace_);
  RootBuild build{&executor, plan_.prepare(), &state_, &failure_};
  failure_.Clear();
  if (UnshareIsSafeHere()) {
    if (executor.Prepare(plan_.prepare(), &failure_)) {
      state_.root = Root::kInside;
      return true;
    }
    // The next engine goes on in a user namespace, if it came that far, and in the caller's working
    // directory.
    if (!state_.cwd.Restore().ok()) trace_.Debug("the working directory cannot be reached any more");
    return false;
  }
  Errno e = RunInHelper(BuildRoot, &build);
  if (e.ok()) return true;
  if (!failure_.failed()) failure_.Set("make a root", e, "");
  return false;
}

void Launcher::Enter(const Plan& plan) {
  Executor executor(&state_, trace_);
  failure_.Clear();
  Tell();
  executor.Enter(plan.enter(), &failure_);
  committed_ = executor.committed();
}

// Tells the daemon of this launch, so that `relocctl ps` shows it. It need not answer, and need not hear.
void Launcher::Tell() {
  // The daemon closes a connection that has told it of a start. A launch that goes on in another way tells
  // anew.
  for (int tries = 0; tries < 2 && Connect(); ++tries) {
    if (link_.Send(EncodeMessage(MessageType::kStarted), -1) == Reason::kNone) return;
    link_ = DaemonLink();
  }
  if (daemon_dir_.valid()) trace_.Debug("the daemon could not be told of this launch");
}

string_view Launcher::EncodeMessage(MessageType type) {
  LaunchMessage m;
  m.type = type;
  m.engine = plan_.engine();
  m.reason = reason_;
  m.caller = caller_;
  m.store = store_;
  m.digest = plan_.digest();
  if (bind_ != nullptr) m.prefix = bind_->b;
  m.pack = request_.pack_dir;
  m.entry = request_.entry;
  m.program = ProgramPath();
  m.argv = FlattenArgv(request_.argv, g_argv);
  m.slurm_job = EnvValue(request_.envp, "SLURM_JOB_ID");
  return Encode(m, g_message);
}

// The program as it sees itself: what the pack's first plan, which is the userns engine's, executes. Other
// plans execute an ld.so or a tracer.
string_view Launcher::ProgramPath() {
  size_t used = 0;
  const char* why = nullptr;
  if (!Plan::Parse(request_.plans, &first_plan_, &used, &why)) return {};
  const Step* exec = FindStep(first_plan_.enter(), Op::kExec);
  return exec == nullptr ? string_view() : exec->a;
}

void Launcher::NoteFailure(Engine engine, string_view text) {
  reasons_ << "; " << EngineName(engine) << ": " << text;
  if (!trace_.debug()) return;
  FixedText<1200> line;
  line << EngineName(engine) << ": " << text;
  trace_.Debug(line.view());
}

void Launcher::NoteReason(Reason reason) {
  if (reason_ == Reason::kNone) reason_ = reason;
}

int Launcher::Report() {
  FixedText<4608> line;
  if (committed_) {
    failure_.Describe(&line);
    trace_.Error(line.view());
    return ExecExitStatus(failure_.error.value);
  }
  line << "cannot run " << request_.entry << ": no engine works here" << reasons_.view();
  trace_.Error(line.view());
  return kExitFailed;
}

}  // namespace

int ExecExitStatus(int error) {
  if (error == ENOENT || error == ENOTDIR) return kExitNotFound;
  if (error == EACCES || error == ENOEXEC || error == EISDIR || error == ELOOP) return kExitNotExecutable;
  return kExitFailed;
}

int Launch(const LaunchRequest& request, const Trace& trace) {
  // static: a Launcher holds a few tens of kilobytes, and one launch is all that a process does.
  alignas(Launcher) static char memory[sizeof(Launcher)];
  return (new (memory) Launcher(request, trace))->Run();
}

}  // namespace reloc
