#include "daemon/mirrors/worker_tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "daemon/mirrors/mirror_users.h"
#include "daemon/mirrors/mirror_watch.h"
#include "daemon/model/messages.h"
#include "reloc/base/file.h"
#include "reloc/graft/graft_directory.h"
#include "reloc/graft/graft_filter.h"
#include "reloc/graft/graft_paths.h"
#include "reloc/hosted/file_system.h"
#include "reloc/hosted/status.h"
#include "reloc/mirror/mirror_cache.h"
#include "reloc/mirror/mirror_maker.h"
#include "reloc/mirror/mirror_trial.h"
#include "reloc/pack/manifest.h"

namespace reloc {
namespace {

using relocd::v1::MirrorResult;
using relocd::v1::MirrorTask;
using relocd::v1::MirrorWord;

constexpr size_t kWatchedLevels = 3;
constexpr size_t kMostWatches = 256;  // of a mirror: each costs the kernel a kilobyte

class Task {
 public:
  Task(const MirrorTask& task, WorkerChannel* channel) : task_(task), channel_(channel) {}
  absl::Status Run();
  // Tells how it ended, and what there is now.
  void Finish(const absl::Status& done);
  void Sync();

 private:
  absl::Status Make();
  absl::Status Begin();
  absl::Status MakeUsable(const MirrorRequest& request, GraftFilter* filter);
  absl::Status RequireExecutable();
  absl::Status Remove();
  absl::Status Verify();
  absl::StatusOr<std::vector<Difference>> FindDifferences(const Mirror& mirror);
  absl::Status Try();
  absl::StatusOr<std::string> FindUsable(const Mirror& mirror);
  absl::Status CheckRemote() const;
  absl::StatusOr<Mirror> FindByName(const std::string& name) const;
  bool MayEvict(const Mirror& mirror);
  absl::Status Survey();
  absl::Status SayMirror(const Mirror& mirror, uint64_t own_bytes, const absl::StatusOr<std::string>& link);
  void Watch(int directory, const std::string& store, MirrorWord* word);
  void Say(auto set);

  const MirrorTask& task_;
  WorkerChannel* channel_;
  std::optional<MirrorCache> cache_;
  MirrorResult result_;
  absl::Status executable_;                                  // of the cache
  absl::flat_hash_map<std::string, absl::Status> unusable_;  // by name
  absl::flat_hash_set<std::string> damaged_;                 // by name; some may bear no mark
  // Of processes with many mappings each takes a while.
  StallGuard guard_{absl::Milliseconds(500), absl::Seconds(10)};
};

void Task::Say(auto set) {
  MirrorWord word;
  set(&word);
  channel_->Say(word);  // if nobody hears it any more, the next progress ends the work
}

absl::Status Task::Run() {
  // First: a cache directory is not made for nothing.
  if (task_.only_remote()) RELOC_RETURN_IF_ERROR(CheckRemote());
  RELOC_ASSIGN_OR_RETURN(MirrorCache cache, MirrorCache::Open(task_.cache(), task_.limit()));
  cache_.emplace(std::move(cache));
  switch (task_.kind()) {
    case MirrorTask::MAKE:
      return Make();
    case MirrorTask::REMOVE:
      return Remove();
    case MirrorTask::VERIFY:
      return Verify();
    case MirrorTask::TRY:
      return Try();
    default:
      return Begin();
  }
}

// What is found here holds for every mirror, also of other packs.
absl::Status Task::RequireExecutable() {
  executable_ = cache_->RequireExecutable();
  if (!executable_.ok()) result_.set_unusable(true);
  return executable_;
}

// Other daemons of the user that offer a mirror hold a lock on its directory.
bool IsOffered(const Mirror& mirror) {
  Result<UniqueFd> dir = Open(mirror.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return dir.ok() && ::flock(dir->get(), LOCK_EX | LOCK_NB) != 0;
}

bool Task::MayEvict(const Mirror& mirror) {
  const std::string name = MirrorName(mirror.id);
  if (!channel_->MayEvict(name)) return false;
  // Withdrawn from launches by now, so that there can be no more users afterwards.
  return !IsOffered(mirror) && !HasUsers(mirror, task_.daemon_dir(), &guard_);
}

absl::Status Task::CheckRemote() const {
  RELOC_ASSIGN_OR_RETURN(FileSystem lies_on, InspectFileSystem(task_.pack()));
  if (!lies_on.shared.empty()) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat(task_.pack(), " lies on a disk of this host"));
}

absl::Status Task::Make() {
  RELOC_RETURN_IF_ERROR(RequireExecutable());
  MirrorRequest request;
  request.pack = task_.pack();
  const std::optional<MirrorKind> kind = ParseMirrorKind(task_.mirror_kind());
  if (!kind) return absl::InvalidArgumentError(absl::StrCat("no kind of mirror: ", task_.mirror_kind()));
  request.kind = *kind;
  std::unique_ptr<GraftFilter> filter;
  if (request.kind == MirrorKind::kGraft) {
    RELOC_ASSIGN_OR_RETURN(filter, GraftFilter::Create(*cache_, task_.pack()));
    request.filter = filter.get();
  }
  request.may_evict = [this](const Mirror& mirror) { return MayEvict(mirror); };
  request.progress = channel_->progress();
  return MakeUsable(request, filter.get());
}

absl::Status Task::MakeUsable(const MirrorRequest& request, GraftFilter* filter) {
  RELOC_ASSIGN_OR_RETURN(Mirror made, MakeMirror(*cache_, request));
  if (filter != nullptr) filter->Keep(made);
  absl::StatusOr<std::string> link = FindUsable(made);
  if (link.ok()) {
    result_.set_made(MirrorName(made.id));
    return absl::OkStatus();
  }
  result_.set_unusable(true);
  unusable_[MirrorName(made.id)] = link.status();
  return absl::FailedPreconditionError(
      absl::StrCat(link.status().message(), ": set mirror-dir to another directory"));
}

absl::StatusOr<Mirror> Task::FindByName(const std::string& name) const {
  std::optional<MirrorId> id = ParseMirrorName(name);
  if (!id) return absl::NotFoundError(absl::StrCat("there is no mirror ", name));
  return cache_->Find(*id);
}

// A pack that cannot be read now may come back with its file server.
bool IsStale(const Mirror& mirror) {
  absl::StatusOr<pb::Manifest> manifest = LoadManifest(mirror.pack);
  if (manifest.ok()) return DigestOf(*manifest) != mirror.id.digest;
  return absl::IsNotFound(manifest.status()) || absl::IsDataLoss(manifest.status());
}

absl::Status Task::Begin() {
  RELOC_RETURN_IF_ERROR(cache_->RemoveLeftovers());
  return RequireExecutable();
}

// A launch could not use them: nothing that a trial may miss is taken for granted.
absl::Status Task::Try() {
  RELOC_RETURN_IF_ERROR(RequireExecutable());
  for (const std::string& name : task_.mirrors()) {
    absl::StatusOr<Mirror> mirror = FindByName(name);
    if (!mirror.ok() || !FindUsable(*mirror).ok()) continue;  // Survey() reports why
    RELOC_ASSIGN_OR_RETURN(std::vector<Difference> differences,
                           cache_->Verify(*mirror, channel_->progress()));
    if (differences.empty()) continue;
    unusable_[name] =
        absl::DataLossError(absl::StrCat(mirror->path, "/", differences[0].path, " ", differences[0].what));
  }
  return absl::OkStatus();
}

absl::Status Task::Remove() {
  RELOC_RETURN_IF_ERROR(cache_->RemoveLeftovers());
  for (const std::string& name : task_.mirrors()) {
    absl::StatusOr<Mirror> mirror = FindByName(name);
    if (!mirror.ok() || (task_.stale() && !mirror->damaged && !IsStale(*mirror))) continue;
    const bool free = MayEvict(*mirror);
    if (free) RELOC_RETURN_IF_ERROR(cache_->Remove(mirror->id));
    Say([&](MirrorWord* word) { free ? word->set_removed(name) : word->set_used(name); });
  }
  return absl::OkStatus();
}

// Lists that cannot be read are a difference, too.
absl::StatusOr<std::vector<Difference>> Task::FindDifferences(const Mirror& mirror) {
  absl::StatusOr<std::vector<Difference>> differences = cache_->Verify(mirror, channel_->progress());
  const absl::Status& status = differences.status();
  const bool broken = absl::IsDataLoss(status) || absl::IsInvalidArgument(status) || absl::IsNotFound(status);
  if (!broken || !FindByName(MirrorName(mirror.id)).ok()) return differences;  // or evicted meanwhile
  return std::vector<Difference>{{mirror.path, std::string(status.message())}};
}

absl::Status Task::Verify() {
  for (const std::string& name : task_.mirrors()) {
    if (!cache_->Has(name)) continue;  // it was removed while the task waited for its turn
    RELOC_ASSIGN_OR_RETURN(Mirror mirror, FindByName(name));
    RELOC_ASSIGN_OR_RETURN(std::vector<Difference> differences, FindDifferences(mirror));
    for (const Difference& difference : differences) {
      Say([&](MirrorWord* word) {
        word->mutable_difference()->set_mirror(name);
        word->mutable_difference()->set_path(difference.path);
        word->mutable_difference()->set_what(difference.what);
      });
    }
    // Where that cannot be noted, the mirror is damaged for as long as this relocd runs.
    cache_->MarkDamaged(mirror, !differences.empty()).IgnoreError();
    if (!differences.empty()) damaged_.insert(name);
    result_.set_verified(result_.verified() + 1);
  }
  return absl::OkStatus();
}

// Where launches without a root find it; empty: they run from the pack, since they take more from a mirror
// than the store. A graft path that a cleaner has removed is made again.
absl::StatusOr<std::string> LinkTo(const Mirror& mirror) {
  if (mirror.id.kind == MirrorKind::kPlain) return mirror.covers_all ? mirror.path : "";
  RELOC_ASSIGN_OR_RETURN(std::string path, ReadGraftPath(mirror.path));
  RELOC_RETURN_IF_ERROR(KeepGraftPath(path, mirror.path + mirror.store_prefix));
  return path;
}

// How launches find the mirror, as LinkTo(), if they can use it.
absl::StatusOr<std::string> Task::FindUsable(const Mirror& mirror) {
  RELOC_RETURN_IF_ERROR(executable_);
  RELOC_ASSIGN_OR_RETURN(std::string link, LinkTo(mirror));
  const bool is_graft = mirror.id.kind == MirrorKind::kGraft;
  RELOC_RETURN_IF_ERROR(TryMirror(*cache_, mirror, is_graft ? link : mirror.path + mirror.store_prefix));
  return link;
}

// Other daemons see by the lock that the mirror is offered; relocd holds it with the descriptor.
absl::Status Task::SayMirror(const Mirror& mirror, uint64_t own_bytes,
                             const absl::StatusOr<std::string>& link) {
  Result<UniqueFd> directory = reloc::Open(mirror.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  Result<FileId> id = directory.ok() ? Identify(directory->get()) : Result<FileId>(directory.error());
  if (id.error().value == ENOENT) return absl::OkStatus();  // removed meanwhile
  if (!id.ok()) return absl::ErrnoToStatus(id.error().value, mirror.path);
  MirrorWord word;
  word.set_device(id->device);
  word.set_inode(id->inode);
  if (!link.ok()) {
    word.mutable_unusable()->set_name(MirrorName(mirror.id));
    word.mutable_unusable()->set_reason(std::string(link.status().message()));
    channel_->Say(word);
    return absl::OkStatus();
  }
  // Where locks are not to be had nobody else finds one either.
  if (!mirror.damaged) (void)::flock(directory->get(), LOCK_SH | LOCK_NB);
  *word.mutable_mirror() = ToMessage(mirror, own_bytes, *link);
  const std::string prefix = mirror.store_prefix.substr(1);
  Result<UniqueFd> store = OpenAt(directory->get(), prefix.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!mirror.damaged) Watch(directory->get(), prefix, &word);
  std::vector<int> fds = {directory->get()};
  if (store.ok()) fds.push_back(store->get());  // a grafted one has another path
  channel_->Say(word, fds);
  return absl::OkStatus();
}

// Returns the directories of the store in which programs and their libraries are: down to three levels below
// it, the upper ones first. Python writes to __pycache__ while it runs.
std::vector<std::string> DirectoriesOf(const std::string& store) {
  std::vector<std::string> found = {store};
  std::vector<size_t> levels = {0};
  for (size_t at = 0; at < found.size() && levels[at] < kWatchedLevels; ++at) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(found[at], error), end;
         !error && entry != end && found.size() < kMostWatches; entry.increment(error)) {
      const bool is_link = entry->is_symlink(error);
      if (is_link || !entry->is_directory(error) || entry->path().filename() == "__pycache__") continue;
      found.push_back(entry->path().string());
      levels.push_back(levels[at] + 1);
    }
  }
  return found;
}

void Task::Watch(int directory, const std::string& store, MirrorWord* word) {
  const std::string path = absl::StrCat("/proc/self/fd/", directory, "/");
  std::vector<std::string> directories = DirectoriesOf(path + store);
  directories.insert(directories.begin(), path);
  for (const std::string& watched : directories) {
    const int watch = ::inotify_add_watch(channel_->watch_fd(), watched.c_str(), kMirrorRemovals);
    watch < 0 ? word->set_watch_error(strerror(errno)) : word->add_watches(watch);
  }
}

absl::Status Task::Survey() {
  result_.set_graft_names(RenewGraftNames(cache_->directory()));
  RELOC_ASSIGN_OR_RETURN(std::vector<Mirror> mirrors, cache_->List());
  RELOC_ASSIGN_OR_RETURN(MirrorUsage usage, cache_->Measure(mirrors));
  for (size_t i = 0; i < mirrors.size(); ++i) {
    const std::string name = MirrorName(mirrors[i].id);
    mirrors[i].damaged |= damaged_.contains(name);
    absl::StatusOr<std::string> link = unusable_.contains(name) ? unusable_[name] : FindUsable(mirrors[i]);
    if (mirrors[i].damaged) link = "";  // it stays, for people to see, until it is made again or pruned
    RELOC_RETURN_IF_ERROR(SayMirror(mirrors[i], usage.own[i], link));
    // Where nothing runs, that may change: a mount is changed sooner than a mirror is made.
    if (!link.ok() && executable_.ok() && MayEvict(mirrors[i])) {
      RELOC_RETURN_IF_ERROR(cache_->Remove(mirrors[i].id));
    }
  }
  result_.set_bytes(usage.bytes);
  result_.set_surveyed(true);
  return absl::OkStatus();
}

void Task::Finish(const absl::Status& done) {
  absl::Status ended = done;
  // Also after a failure: to make room something may have gone.
  if (cache_) ended.Update(Survey());
  result_.set_code(static_cast<int>(ended.code()));
  result_.set_message(std::string(ended.message()));
  Say([&](MirrorWord* word) { *word->mutable_result() = result_; });
}

// Nobody waits for that any more. Also for what was made by one that was killed at this point.
void Task::Sync() {
  const bool makes = task_.kind() == MirrorTask::MAKE || task_.kind() == MirrorTask::SURVEY;
  if (cache_ && makes) cache_->Sync().IgnoreError();
}

}  // namespace

void DoMirrorTask(const MirrorTask& message, WorkerChannel* channel) {
  Task task(message, channel);
  task.Finish(task.Run());
  task.Sync();
}

}  // namespace reloc
