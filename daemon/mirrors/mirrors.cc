#include "daemon/mirrors/mirrors.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

using relocd::v1::MirrorResult;
using relocd::v1::MirrorTask;
using relocd::v1::MirrorWord;

// A launch joins what it found published and tells of it a moment later.
constexpr absl::Duration kGrace = absl::Milliseconds(500);
// Cleaners of /tmp remove what was not touched for days; others may be quicker.
constexpr absl::Duration kUpkeep = absl::Hours(6);
// Whoever removes files of mirrors removes more: first let him finish.
constexpr absl::Duration kSettle = absl::Seconds(2);
constexpr absl::Duration kRetry = absl::Minutes(1);  // while jobs use what is left
constexpr size_t kMaxCounted = 10000;                // packs

// Why those went that a task of that kind did not find any more (Event).
const char* EvictionReason(MirrorTask::Kind kind) {
  switch (kind) {
    case MirrorTask::MAKE:
      return "limit";
    case MirrorTask::REMOVE:
      return "pruned";
    default:
      return "removed";
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Mirrors>> Mirrors::Create(EventLoop* loop, MirrorTable::Parts parts,
                                                         MirrorSettings settings,
                                                         std::function<void()> on_idle) {
  auto mirrors =
      absl::WrapUnique(new Mirrors(loop, std::move(parts), std::move(settings), std::move(on_idle)));
  Mirrors* self = mirrors.get();
  RELOC_ASSIGN_OR_RETURN(self->grace_, Timer::Create(loop, [self] { self->AnswerQuestion(); }));
  RELOC_ASSIGN_OR_RETURN(self->upkeep_, Timer::Create(loop, [self] { self->LookAgain(); }));
  RELOC_ASSIGN_OR_RETURN(self->settle_, Timer::Create(loop, [self] { self->RemoveDamaged(); }));
  RELOC_ASSIGN_OR_RETURN(self->probe_, MirrorProbe::Create(loop, {[self] { self->OnSilence(); },
                                                                  [self] { self->LookAgain(); }}));
  return mirrors;
}

// Where there never were any, relocd neither starts a process nor makes a directory at its start.
void Mirrors::Survey() {
  if (settings_.none) {
    table_.Replace({}, "removed", false);
    surveyed_ = true;
    survey_->Finish({});
    return;
  }
  LookAgain();
}

void Mirrors::LookAgain() {
  waiting_.push_front({.message = NewTask(MirrorTask::SURVEY), .orders = {}});
  RunNext();
}

MirrorTask Mirrors::NewTask(MirrorTask::Kind kind) const {
  MirrorTask task;
  task.set_kind(kind);
  task.set_cache(settings_.cache);
  task.set_limit(settings_.limit == 0 ? std::numeric_limits<int64_t>::max() : settings_.limit);
  task.set_daemon_dir(settings_.daemon_dir);
  return task;
}

void Mirrors::Launched(const LaunchMessage& launch, const std::string& mirror) {
  if (!mirror.empty()) {
    probe_->NoteUse();
    return table_.Touch(mirror);
  }
  if (probe_->silent()) return;
  const bool is_image = launch.engine == Engine::kUserns && launch.prefix.empty();  // needs no mirror
  if (is_image || settings_.after == 0 || launch.digest == PackDigest{} || launch.pack.empty()) return;
  if (!table_.ServedTo(launch.digest, Engine::kNone).empty()) return;  // it runs in an older root
  if (unusable_.contains(MirrorKindName(MirrorKind::kPlain))) return;
  if (demand_.size() >= kMaxCounted) demand_.clear();
  Demand& demand = demand_.try_emplace(launch.digest, Demand{0, settings_.after}).first->second;
  if (++demand.launches != demand.due) return;
  MirrorTask task = NewMake(std::string(launch.pack), std::string(MirrorKindName(MirrorKind::kPlain)));
  task.set_only_remote(!settings_.all);
  Enqueue(std::move(task));
}

void Mirrors::Wanted(const LaunchMessage& launch) {
  if (launch.engine != Engine::kGraft || launch.digest == PackDigest{} || launch.pack.empty()) return;
  if (probe_->silent() || unusable_.contains(MirrorKindName(MirrorKind::kGraft))) return;
  if (!table_.ServedTo(launch.digest, Engine::kGraft).empty()) return;  // ready since the launch asked
  if (wanted_.size() >= kMaxCounted) wanted_.clear();
  if (!wanted_.insert(launch.digest).second) return;
  const std::string pack(launch.pack), kind(MirrorKindName(MirrorKind::kGraft));
  if (FindMake(pack, kind) == nullptr) Enqueue(NewMake(pack, kind));
}

void Mirrors::Unusable(const LaunchMessage& launch) {
  const MirrorKind kind = launch.engine == Engine::kGraft ? MirrorKind::kGraft : MirrorKind::kPlain;
  const std::string name = MirrorName({launch.digest, kind});
  if (!table_.Suspect(name)) return;
  LogInfo(absl::StrCat("a launch of ", std::string(launch.pack), " could not use mirror ", name,
                       ": it is tried"));
  MirrorTask task = NewTask(MirrorTask::TRY);
  task.add_mirrors(name);
  Enqueue(std::move(task));
}

MirrorTask Mirrors::NewMake(const std::string& pack, const std::string& kind) const {
  MirrorTask task = NewTask(MirrorTask::MAKE);
  task.set_pack(pack);
  task.set_mirror_kind(kind);
  return task;
}

void Mirrors::Enqueue(MirrorTask message, std::vector<std::shared_ptr<MirrorOrder>> orders) {
  waiting_.push_back({.message = std::move(message), .orders = std::move(orders)});
  RunNext();
}

std::shared_ptr<MirrorOrder> Mirrors::Order(MirrorTask message) {
  auto order = std::make_shared<MirrorOrder>();
  Enqueue(std::move(message), {order});
  return order;
}

// One that somebody has asked for already, by this path.
Mirrors::Task* Mirrors::FindMake(const std::string& pack, const std::string& kind) {
  auto is_it = [&](const Task& task) {
    return task.message.kind() == MirrorTask::MAKE && task.message.pack() == pack &&
           task.message.mirror_kind() == kind && !task.message.only_remote();
  };
  if (current_ && is_it(*current_) && !current_->outcome.finished) return &*current_;
  auto found = std::find_if(waiting_.begin(), waiting_.end(), is_it);
  return found == waiting_.end() ? nullptr : &*found;
}

std::shared_ptr<MirrorOrder> Mirrors::Make(const std::string& pack, const std::string& kind) {
  if (Task* task = FindMake(pack, kind); task != nullptr) {
    task->orders.push_back(std::make_shared<MirrorOrder>());
    return task->orders.back();
  }
  return Order(NewMake(pack, kind));
}

std::shared_ptr<MirrorOrder> Mirrors::Remove(const std::vector<std::string>& names, bool stale) {
  MirrorTask task = NewTask(MirrorTask::REMOVE);
  task.mutable_mirrors()->Assign(names.begin(), names.end());
  task.set_stale(stale);
  return Order(std::move(task));
}

std::shared_ptr<MirrorOrder> Mirrors::Verify(const std::vector<std::string>& names) {
  MirrorTask task = NewTask(MirrorTask::VERIFY);
  task.mutable_mirrors()->Assign(names.begin(), names.end());
  return Order(std::move(task));
}

void Mirrors::RunNext() {
  if (current_ || waiting_.empty()) return;
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  MirrorTask& task = current_->message;
  if (current_->of_damaged) {
    // Not those that were made again while this waited.
    const std::vector<std::string> names = table_.Damaged();
    task.mutable_mirrors()->Assign(names.begin(), names.end());
  }
  if (task.kind() == MirrorTask::REMOVE && !task.stale()) {
    // All at once, so that the worker waits for a moment only once.
    for (const std::string& name : task.mirrors()) table_.Withdraw(name);
  }
  auto worker =
      MirrorWorker::Start(loop_, task, table_.watch_fd(), settings_.patience,
                          {[this](const MirrorWord& word, std::span<UniqueFd> fds) { OnWord(word, fds); },
                           [this](auto result) { OnResult(std::move(result)); }, [this] { OnEnd(); }});
  if (worker.ok()) {
    worker_ = *std::move(worker);
    return;
  }
  OnResult(worker.status());
  OnEnd();
}

void Mirrors::OnWord(const MirrorWord& word, std::span<UniqueFd> fds) {
  MirrorOutcome& outcome = current_->outcome;
  switch (word.word_case()) {
    case MirrorWord::kProgress:
      current_->begun = true;
      for (const auto& order : current_->orders) order->Report(word.progress());
      break;
    case MirrorWord::kMayEvict:
      OnQuestion(word.may_evict());
      break;
    case MirrorWord::kMirror:
      NoteFound(word, fds);
      break;
    case MirrorWord::kDifference:
      outcome.differences.push_back(word.difference());
      break;
    case MirrorWord::kRemoved:
      outcome.removed.push_back(word.removed());
      break;
    case MirrorWord::kUnusable:
      current_->unusable.push_back(word.unusable());
      current_->survey.unusable[word.unusable().name()] = {word.device(), word.inode()};
      break;
    case MirrorWord::kUsed:
      outcome.used.push_back(word.used());
      break;
    default:
      break;
  }
}

void Mirrors::NoteFound(const MirrorWord& word, std::span<UniqueFd> fds) {
  FoundMirror found;
  found.mirror = word.mirror();
  found.id = {word.device(), word.inode()};
  if (!fds.empty()) found.directory = std::move(fds[0]);
  if (fds.size() > 1) found.store = std::move(fds[1]);
  found.watches.assign(word.watches().begin(), word.watches().end());
  found.watch_error = word.watch_error();
  current_->survey.found.push_back(std::move(found));
}

void Mirrors::OnQuestion(const std::string& name) {
  if (!table_.Withdraw(name)) return worker_->Answer(false);
  asked_ = name;
  const absl::Duration left = table_.WithdrawnAt(name) + kGrace - MonotonicNow();
  left > absl::ZeroDuration() ? grace_->Arm(left) : AnswerQuestion();
}

// Whoever was on his way when the mirror was withdrawn has told of it by now.
void Mirrors::AnswerQuestion() {
  const bool used = table_.InUse(asked_);
  if (used) table_.Restore(asked_);
  if (worker_ != nullptr) worker_->Answer(!used);
}

void Mirrors::OnResult(absl::StatusOr<MirrorResult> result) {
  grace_->Disarm();
  if (result.ok()) {
    TakeResult(*result);
  } else {
    // It may have removed something, and cannot tell.
    const bool surveyed = current_->message.kind() == MirrorTask::SURVEY;
    if (!surveyed) waiting_.push_front({.message = NewTask(MirrorTask::SURVEY), .orders = {}});
    Finish(result.status());
  }
}

// Before the table has it. Should it go, launches may want it again; a plain one ever less often, lest packs
// that have no room together evict each other all the time.
void Mirrors::NoteMade(const std::string& name) {
  std::optional<MirrorId> made = ParseMirrorName(name);
  if (!made) return;
  wanted_.erase(made->digest);
  const bool is_new =
      made->kind == MirrorKind::kPlain && table_.ServedTo(made->digest, Engine::kNone).empty();
  if (auto demand = demand_.find(made->digest); is_new && demand != demand_.end()) {
    demand->second = {0, std::max(demand->second.due, 2 * demand->second.due)};  // or as it was: no overflow
  }
}

void Mirrors::NoteUnusable(const MirrorResult& result) {
  const MirrorTask& task = current_->message;
  const absl::string_view plain = MirrorKindName(MirrorKind::kPlain),
                          graft = MirrorKindName(MirrorKind::kGraft);
  const bool make = task.kind() == MirrorTask::MAKE;
  if (make && result.code() == 0) unusable_.clear();
  if (!result.unusable()) return;
  unusable_[graft] = result.message();
  if (!make || task.mirror_kind() == plain) unusable_[plain] = result.message();
}

void Mirrors::TakeMirrors(const MirrorResult& result) {
  const MirrorTask& task = current_->message;
  for (const relocd::v1::UnusableMirror& unusable : current_->unusable) {
    table_.Discard(unusable.name(), unusable.reason());
  }
  if (task.kind() == MirrorTask::TRY && !result.surveyed()) {  // the cache itself cannot be used
    for (const std::string& name : task.mirrors()) table_.Discard(name, result.message());
  }
  if (!result.surveyed()) return;
  graft_names_ = result.graft_names();
  if (task.kind() == MirrorTask::TRY || task.kind() == MirrorTask::SURVEY) {
    for (const FoundMirror& found : current_->survey.found) table_.Acquit(found.mirror.name());
  }
  current_->survey.bytes = result.bytes();
  table_.Replace(std::move(current_->survey), EvictionReason(task.kind()), surveyed_);
  surveyed_ = true;
  Probe();
}

// Launches go on to the packs; the mirrors come back with their file system.
void Mirrors::OnSilence() {
  LogWarning(absl::StrCat(settings_.cache, " does not answer: its mirrors are not used"));
  table_.Clear("does not answer");
}

void Mirrors::Probe() {
  std::vector<std::string> paths;
  for (const relocd::v1::Mirror& mirror : table_.List()) paths.push_back(mirror.path());
  absl::Status probed = probe_->Watch(std::move(paths));
  if (!probed.ok()) LogWarning(absl::StrCat("cannot see whether mirrors answer: ", probed.message()));
}

void Mirrors::TakeResult(const MirrorResult& result) {
  absl::Status status(static_cast<absl::StatusCode>(result.code()), result.message());
  const uint64_t before = table_.bytes();
  // Aborted: the pack is on a disk of this host, and no user asked for a mirror of it.
  if (!absl::IsAborted(status)) error_ = result.surveyed() ? "" : result.message();
  NoteMade(result.made());
  NoteUnusable(result);
  TakeMirrors(result);
  MirrorOutcome& outcome = current_->outcome;
  outcome.verified = result.verified();
  outcome.freed = before > result.bytes() ? before - result.bytes() : 0;
  for (const relocd::v1::Mirror& mirror : table_.List()) {
    if (mirror.name() == result.made()) outcome.mirror = mirror;
  }
  if (status.ok() && outcome.mirror.name() != result.made()) {
    status = absl::FailedPreconditionError(absl::StrCat(
        "files of mirror ", result.made(), " were removed: try again when what is left is gone"));
  }
  Finish(std::move(status));
}

void Mirrors::Finish(absl::Status status) {
  if (current_->message.kind() == MirrorTask::SURVEY) survey_->Finish({});
  const bool make = current_->message.kind() == MirrorTask::MAKE;
  // Whoever asked for a mirror need not wait for it. Aborted: a pack that need not be mirrored.
  if ((make || current_->orders.empty()) && !status.ok() && !absl::IsAborted(status)) {
    LogWarning(
        absl::StrCat(make ? absl::StrCat("no mirror of ", current_->message.pack(), ": ") : "mirrors: ",
                     status.message()));
  }
  current_->outcome.status = std::move(status);
  current_->outcome.finished = true;
  for (const auto& order : current_->orders) order->Finish(current_->outcome);
}

void Mirrors::OnEnd() {
  worker_.reset();
  current_.reset();
  const bool unsure = !waiting_.empty() && waiting_.front().message.kind() == MirrorTask::SURVEY;
  if (!unsure) table_.RestoreAll();
  if (table_.HasGrafts() || graft_names_) upkeep_->Arm(kUpkeep);
  RunNext();
  if (!current_) on_idle_();
}

void Mirrors::OnDamage() { settle_->Arm(kSettle); }

void Mirrors::RemoveDamaged() {
  if (table_.Damaged().empty()) return;
  // With an order, so that a failure is not logged at each retry.
  waiting_.push_back({.message = NewTask(MirrorTask::REMOVE),
                      .orders = {std::make_shared<MirrorOrder>()},
                      .of_damaged = true});
  settle_->Arm(kRetry);
  RunNext();
}

relocd::v1::ListMirrorsResponse Mirrors::List() const {
  relocd::v1::ListMirrorsResponse list;
  for (relocd::v1::Mirror& mirror : table_.List()) *list.add_mirrors() = std::move(mirror);
  auto add = [&](const Task& task, relocd::v1::Mirror::State state) {
    if (task.message.kind() != MirrorTask::MAKE || task.outcome.finished) return;
    if (task.orders.empty() && !task.begun) return;
    relocd::v1::Mirror* mirror = list.add_mirrors();
    mirror->set_kind(task.message.mirror_kind());
    mirror->set_pack(task.message.pack());
    mirror->set_state(state);
  };
  if (current_) add(*current_, relocd::v1::Mirror::STATE_MAKING);
  for (const Task& task : waiting_) add(task, relocd::v1::Mirror::STATE_WAITING);
  list.set_dir(settings_.cache);
  list.set_bytes(bytes());
  list.set_limit(limit());
  list.set_error(error_);
  for (const auto& [kind, why] : unusable_) {
    if (error_.empty()) list.set_error(why);
  }
  if (probe_->silent()) {
    list.set_error(absl::StrCat(settings_.cache, " does not answer; programs run from their packs"));
  }
  return list;
}

}  // namespace reloc
