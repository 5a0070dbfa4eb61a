#include "reloc/launch/plan_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "reloc/base/file.h"
#include "reloc/base/loader_setting.h"
#include "reloc/base/path.h"
#include "reloc/launch/engines.h"
#include "reloc/launch/environment.h"
#include "reloc/launch/launch_root.h"
#include "reloc/launch/mirror_link.h"

namespace reloc {

PlanTrial::PlanTrial(const LaunchRequest& request, DaemonSession* daemon, const LaunchLog& log)
    : request_(request), envp_(request.envp), daemon_(daemon), log_(log) {
  state_.pack_dir = request.pack_dir;
  state_.argv = request.argv;
}

bool PlanTrial::Run(const Plan& plan, Failure* failure) {
  failure_ = failure;
  failure_->Clear();
  daemon_->SetPlan(plan);
  ChoosePlace(plan);
  TryPlace(plan);
  if (!FailedInMirror(plan)) return committed_;
  log_.Debug("the mirror cannot be used");
  daemon_->ReportMirrorUnusable();
  const bool committed = committed_;
  committed_ = false;
  if (TraitsOf(plan.engine()).mirror_use == MirrorUse::kRequired) {
    if (committed && IsProgramToBlame(plan)) refusal_ = failure_->error;
    return false;
  }
  state_.store_dir = state_.pack_dir;
  failure_->Clear();
  TryPlace(plan);
  return committed_;
}

void PlanTrial::TryPlace(const Plan& plan) {
  state_.envp = envp_;
  state_.root = RootAccess::kToJoin;
  const Step* bind = FindStep(plan.prepare(), Op::kBindStore);
  const Step* traced = FindStep(plan.prepare(), Op::kTraceStore);
  state_.bound_prefix = bind != nullptr ? bind->b : string_view();
  if (bind != nullptr) {
    TryRoot(plan, *bind);
  } else if (traced == nullptr || FindStore(*traced)) {
    Executor executor(&state_, log_);
    if (executor.Prepare(plan.prepare(), failure_)) Enter(plan);
  }
}

// Returns true if the kernel refused the program for what it is, or where it is: not because of the caller's
// limits.
bool PlanTrial::ExecFailed() const {
  const int error = failure_->error.value;
  return committed_ && failure_->failed() && error != E2BIG && error != ENOMEM && error != EAGAIN;
}

// Returns true if the pack itself may work where the mirror did not.
bool PlanTrial::FailedInMirror(const Plan& plan) const {
  const EngineTraits& traits = TraitsOf(plan.engine());
  if (traits.mirror_use == MirrorUse::kRequired) {
    return committed_ ? ExecFailed() : failure_->failed() && !state_.graft.empty();
  }
  if (state_.store_dir == state_.pack_dir) return false;
  if (committed_ && !ExecFailed()) return false;
  return (committed_ && traits.shows_own_paths) || IsBelow(failure_->subject.view(), state_.store_dir);
}

// Returns true if files of the mirror can be executed, so that the program itself was refused, or if the
// program cannot be executed in the pack either.
bool PlanTrial::IsProgramToBlame(const Plan& plan) const {
  const Step* exec = FindStep(plan.enter(), Op::kExec);
  const Step* graft = FindStep(plan.prepare(), Op::kFindGraft);
  if (exec == nullptr || graft == nullptr) return true;
  const string_view program = Suffix(exec->a, 1);
  PathText path;
  path << state_.graft.view() << program;
  if (::access(path.c_str(), X_OK) == 0) return true;
  path.Clear();
  path << state_.pack_dir << graft->a << program;
  return ::access(path.c_str(), X_OK) != 0;
}

// Chooses where the store is taken from. A daemon that was killed may leave links to mirrors that are gone.
void PlanTrial::ChoosePlace(const Plan& plan) {
  state_.store_dir = state_.pack_dir;
  state_.daemon_dir = daemon_->directory();
  state_.digest = plan.digest();
  if (TraitsOf(plan.engine()).mirror_use != MirrorUse::kInPlace) return;
  PathText mirror;
  if (!FindMirror(state_.daemon_dir, plan.digest(), kPlainMirror, &mirror).ok()) return;
  const char* place = IsDirectory(mirror.c_str()) ? state_.arena.Copy(mirror.view()) : nullptr;
  if (place == nullptr) return;
  state_.store_dir = place;
}

void PlanTrial::TryRoot(const Plan& plan, const Step& bind) {
  if (!FindStore(bind)) return;
  if (const Plan* way = FindRoot(plan); way != nullptr) {
    Enter(*way);
    const bool in_mirror = state_.shown == Shown::kMirror && ExecFailed();
    if (committed_ && !in_mirror) return;
    in_mirror ? daemon_->ReportMirrorUnusable() : daemon_->NoteReason(Reason::kJoin);
    committed_ = false;
    if (state_.root == RootAccess::kHost) state_.cwd.Save();
    state_.root = RootAccess::kToJoin;
    state_.user_ns.Reset();
    state_.mount_ns.Reset();
  }
  origin_ = RootOrigin::kOwn;
  if (MakeOwnRoot(plan.prepare(), &state_, log_, failure_)) Enter(plan);
}

// Returns the plan that enters a root that exists already or that the daemon makes; nullptr if there is none.
const Plan* PlanTrial::FindRoot(const Plan& plan) {
  if (state_.root == RootAccess::kHost) return &plan;
  origin_ = FindSharedRoot(daemon_, store_.get(), &reply_, &state_);
  if (origin_ == RootOrigin::kOwn) return nullptr;
  return origin_ == RootOrigin::kPublished ? &plan : &reply_;
}

// Identifies the store that the plan shows, and determines whether the prefix already shows it: a program of
// a pack that starts another entry of the same pack needs only exec.
bool PlanTrial::FindStore(const Step& step) {
  PathText path;
  path << state_.store_dir << Suffix(step.a, 1);
  Result<UniqueFd> fd = Open(path.c_str(), O_PATH | O_DIRECTORY);
  Result<FileId> id = fd.ok() ? Identify(fd->get()) : Result<FileId>(fd.error());
  if (!id.ok()) {
    failure_->Set("open store", id.error(), path.view(),
                  "the pack is incomplete: relocctl pack verify tells more");
    return false;
  }
  state_.store = *id;
  daemon_->SetStore(*id);
  store_ = std::move(*fd);
  state_.shown = IdentifyStore(step.b, state_.store, state_.daemon_dir, state_.digest);
  if (state_.shown != Shown::kOther) {
    state_.root = RootAccess::kHost;
    origin_ = RootOrigin::kInPlace;
    return true;
  }
  state_.cwd.Save();
  daemon_->ReadCaller();
  return true;
}

// Reports to the daemon at the last moment: when the process has the mark of its job, and is sure to become
// one.
void PlanTrial::Enter(const Plan& plan) {
  Executor executor(&state_, log_);
  failure_->Clear();
  for (const Step& step : plan.enter()) {
    if (step.op == Op::kCommit) {
      const EngineTraits& traits = TraitsOf(plan.engine());
      if (traits.sets_job_mark) MarkEnvironment();
      if (traits.has_root && (state_.root != RootAccess::kHost || request_.image_way != nullptr)) ReadMark();
      daemon_->ReportStart();
      LogWay(plan);
    }
    executor.Enter({&step, 1}, failure_);
    if (failure_->failed()) break;
  }
  committed_ = executor.committed();
}

// Tests and benchmarks rely on this line: relocctl(1) describes it.
void PlanTrial::LogWay(const Plan& plan) const {
  if (!log_.debug()) return;
  FixedText<4400> line;
  const bool has_root = TraitsOf(plan.engine()).has_root;
  line << "way=" << (has_root ? RootOriginName(origin_) : EngineName(plan.engine()));
  if (request_.image != nullptr)
    line << " image=" << (request_.image_way != nullptr ? request_.image_way : "inplace");
  if (!state_.graft.empty()) {
    line << " mirror=" << state_.graft.view();
  } else if (state_.store_dir != state_.pack_dir) {
    line << " mirror=" << state_.store_dir;
  }
  log_.Debug(line.view());
}

void PlanTrial::ReadMark() {
  Result<FileId> joined = state_.mount_ns.valid() ? Identify(state_.mount_ns.get()) : Errno{EBADF};
  daemon_->ReadMark(joined.ok() ? joined->inode : 0);
}

// Without the mark (out of memory) the program runs all the same.
void PlanTrial::MarkEnvironment() {
  FixedText<64> mark;
  AppendJobMark(::getpid(), MonotonicMicros(), &mark);
  Failure ignored;
  (void)Environment(&state_.envp, &state_.arena).Set(kJobVariable, mark.view(), &ignored);
}

}  // namespace reloc
