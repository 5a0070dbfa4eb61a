#include "daemon/mirrors/mirror_table.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/base/disk_process.h"
#include "daemon/base/log.h"
#include "daemon/base/timer.h"
#include "daemon/model/messages.h"
#include "reloc/base/file.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

// Which mirror was used last is told by times; a minute is exact enough.
constexpr absl::Duration kTouchEvery = absl::Minutes(1);
// A mirror that was tried and found good is not tried again for so long: it takes reading all of it, and the
// program that could not be executed may be to blame.
constexpr absl::Duration kTryEvery = absl::Hours(1);

bool HasDigest(const PackDigest& digest) { return digest != PackDigest{}; }

}  // namespace

std::optional<MirroredStore> MirrorTable::FindStore(const RootKey& key, const std::string& prefix) const {
  const std::string name = MirrorName({key.digest, MirrorKind::kPlain});
  auto entry = entries_.find(name);
  if (!HasDigest(key.digest) || entry == entries_.end() || entry->second.withdrawn) return std::nullopt;
  if (entry->second.mirror.store_prefix() != prefix) return std::nullopt;
  UniqueFd store(::fcntl(entry->second.store.get(), F_DUPFD_CLOEXEC, 3));
  if (!store.valid()) return std::nullopt;
  return MirroredStore{name, std::move(store)};
}

std::string MirrorTable::ServedTo(const PackDigest& digest, Engine engine) const {
  if (!HasDigest(digest) || engine == Engine::kUserns) return "";
  std::string name = MirrorName({digest, engine == Engine::kGraft ? MirrorKind::kGraft : MirrorKind::kPlain});
  auto entry = entries_.find(name);
  if (entry == entries_.end()) return "";
  return engine == Engine::kNone || !entry->second.mirror.link().empty() ? name : "";
}

void MirrorTable::Touch(const std::string& name) {
  auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  const absl::Duration now = MonotonicNow();
  if (now - entry->second.touched_at < kTouchEvery) return;
  entry->second.touched_at = now;
  *entry->second.mirror.mutable_used_at() = ToTimestamp(absl::Now());
  // As MirrorCache::MarkUsed does. If it cannot be noted the mirror is evicted a little earlier.
  relocd::v1::DiskTask task;
  task.set_touch(entry->second.mirror.path());
  PostToDisk(task);
}

void MirrorTable::Replace(MirrorSurvey survey, const std::string& reason, bool announce) {
  absl::flat_hash_map<std::string, FileId> names;
  for (const FoundMirror& found : survey.found) names.emplace(found.mirror.name(), found.id);
  for (const std::string& name : Names()) {
    auto there = names.find(name);
    if (there == names.end()) {
      Remove(name, reason, announce);
    } else if (!(there->second == entries_.at(name).directory_id)) {
      Remove(name, "replaced", announce);
    }
  }
  for (const std::string& link : links_.List()) {
    if (!names.contains(link)) links_.Withdraw(link).IgnoreError();  // it leads nowhere
  }
  bytes_ = survey.bytes;
  ForgetDamage(survey);
  for (FoundMirror& found : survey.found) {
    const bool damaged = found.mirror.state() == relocd::v1::Mirror::STATE_DAMAGED;
    if (damaged) {
      TakeDamaged(std::move(found));
    } else {
      Take(std::move(found), announce);
    }
  }
  if (absl::Status mended = Mend(); !mended.ok()) LogWarning(mended.message());
}

void MirrorTable::Clear(const std::string& reason) {
  for (const std::string& name : Names()) Remove(name, reason, true);
}

// Forgets the damage of what is gone, or was made again, or has its files again.
void MirrorTable::ForgetDamage(const MirrorSurvey& survey) {
  absl::flat_hash_map<std::string, FileId> there = survey.unusable;
  absl::flat_hash_set<std::string> ready;
  for (const FoundMirror& found : survey.found) {
    there.emplace(found.mirror.name(), found.id);
    if (found.mirror.state() == relocd::v1::Mirror::STATE_READY) ready.insert(found.mirror.name());
  }
  absl::erase_if(damaged_, [&](const auto& entry) {
    const auto& [name, damage] = entry;
    auto found = there.find(name);
    const bool same = found != there.end() && found->second == damage.id;
    return !same || (damage.listed && ready.contains(name));
  });
}

void MirrorTable::Take(FoundMirror found, bool announce) {
  const std::string name = found.mirror.name();
  auto known = entries_.find(name);
  if (damaged_.contains(name)) {
    watch_.Remove(found.watches);
  } else if (known == entries_.end()) {
    Add(std::move(found), announce);
  } else if (known->second.touched) {
    GiveUp(name, "removed");
  } else {
    known->second.mirror.set_bytes(found.mirror.bytes());
    known->second.mirror.set_link(found.mirror.link());
    Restore(name);
  }
}

void MirrorTable::TakeDamaged(FoundMirror found) {
  const std::string name = found.mirror.name();
  if (entries_.contains(name)) {
    LogWarning(absl::StrCat("mirror ", name, " of ", found.mirror.pack(),
                            " is damaged, and its pack is used again; see relocctl mirrors verify"));
    Remove(name, "damaged", true);
  }
  damaged_[name] = {std::move(found.directory), found.id, std::move(found.mirror), true};
}

void MirrorTable::Add(FoundMirror found, bool announce) {
  std::optional<MirrorId> id = ParseMirrorName(found.mirror.name());
  if (!id || !found.directory.valid()) return;
  Entry& entry = entries_[found.mirror.name()];
  entry.id = *id;
  entry.mirror = std::move(found.mirror);
  entry.directory_id = found.id;
  entry.directory = std::move(found.directory);
  entry.store = std::move(found.store);
  watch_.Add(entry.mirror.name(), found.watches);
  if (!found.watch_error.empty()) {
    LogWarning(
        absl::StrCat("cannot watch mirrors (see the limits in /proc/sys/fs/inotify): ", found.watch_error));
  }
  Publish(entry);
  Announce(EventType::kMirrorCreate, entry.mirror, "", announce);
}

int MirrorTable::watch_fd() {
  absl::Status opened = watch_.Open();
  if (!opened.ok()) LogDebug(opened.message());  // there is a warning for each mirror that is not watched
  return watch_.fd();
}

// Launches that need no root find it from now on, and roots are made anew.
void MirrorTable::Publish(const Entry& entry) {
  absl::Status linked = PublishLink(entry);
  if (!linked.ok()) LogWarning(linked.message());
  if (entry.id.kind == MirrorKind::kPlain) parts_.roots->Renew(entry.id.digest);
}

// Of one that is for roots alone an earlier relocd may have left a link.
absl::Status MirrorTable::PublishLink(const Entry& entry) const {
  const std::string &name = entry.mirror.name(), &link = entry.mirror.link();
  return link.empty() ? links_.Withdraw(name) : links_.Publish(name, link);
}

// By someone else: what is half removed is of no use any more. One that a worker evicts is withdrawn.
void MirrorTable::OnRemoval(const std::string& name) {
  auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  entry->second.touched = true;
  if (entry->second.withdrawn) return;
  LogWarning(absl::StrCat("someone removes mirror ", name, ": its pack is used again"));
  GiveUp(name, "removed");
}

void MirrorTable::Discard(const std::string& name, const std::string& why) {
  auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  LogWarning(absl::StrCat("mirror ", name, " of ", entry->second.mirror.pack(),
                          " cannot be used, and its pack is used again: ", why));
  GiveUp(name, "unusable");
}

// What is left goes as soon as no job uses it.
void MirrorTable::GiveUp(const std::string& name, const std::string& reason) {
  auto entry = entries_.find(name);
  bytes_ -= std::min<uint64_t>(bytes_, entry->second.mirror.bytes());
  UniqueFd directory = std::move(entry->second.directory);
  (void)::flock(directory.get(), LOCK_UN);
  damaged_[name] = {std::move(directory), entry->second.directory_id, entry->second.mirror};
  Remove(name, reason, true);
  on_damage_();
}

std::vector<std::string> MirrorTable::Damaged() const {
  std::vector<std::string> names;
  for (const auto& [name, damage] : damaged_) {
    if (!damage.listed) names.push_back(name);
  }
  return names;
}

void MirrorTable::Remove(const std::string& name, const std::string& reason, bool announce) {
  watch_.Forget(name);
  absl::Status unlinked = links_.Withdraw(name);
  if (!unlinked.ok()) LogWarning(unlinked.message());
  parts_.roots->Drop(name, reason);
  Announce(EventType::kMirrorEvict, entries_.at(name).mirror, reason, announce);
  entries_.erase(name);
}

void MirrorTable::Announce(EventType type, const relocd::v1::Mirror& mirror, const std::string& reason,
                           bool announce) const {
  if (!announce) return;
  LogInfo(absl::StrCat("mirror ", mirror.name(), " of ", mirror.pack(),
                       type == EventType::kMirrorCreate ? " is ready" : " is gone: ", reason));
  parts_.events->Publish({type, absl::Now(), nullptr, nullptr, {}, mirror.name(), mirror.pack(), reason});
}

bool MirrorTable::Withdraw(const std::string& name) {
  if (InUse(name)) return false;
  auto entry = entries_.find(name);
  if (entry == entries_.end() || entry->second.withdrawn) return true;
  if (!links_.Withdraw(name).ok()) return false;
  parts_.roots->Withdraw(name);
  entry->second.withdrawn = true;
  entry->second.withdrawn_at = MonotonicNow();
  (void)::flock(entry->second.directory.get(), LOCK_UN);
  return true;
}

bool MirrorTable::Suspect(const std::string& name) {
  auto found = entries_.find(name);
  if (found == entries_.end() || found->second.suspect) return false;
  Entry& entry = found->second;
  if (MonotonicNow() - entry.cleared_at < kTryEvery) return false;
  entry.suspect = true;
  // The launches that use a graft may have no other way: they have it until it is known to be at fault.
  if (entry.id.kind == MirrorKind::kGraft) return true;
  if (absl::Status unlinked = links_.Withdraw(name); !unlinked.ok()) LogWarning(unlinked.message());
  parts_.roots->Withdraw(name);
  if (!entry.withdrawn) entry.withdrawn_at = MonotonicNow();
  entry.withdrawn = true;
  return true;
}

void MirrorTable::Acquit(const std::string& name) {
  auto entry = entries_.find(name);
  if (entry == entries_.end() || !entry->second.suspect) return;
  entry->second.suspect = false;
  entry->second.cleared_at = MonotonicNow();
  Restore(name);
}

absl::Duration MirrorTable::WithdrawnAt(const std::string& name) const {
  auto entry = entries_.find(name);
  bool known = entry != entries_.end() && entry->second.withdrawn;
  return known ? entry->second.withdrawn_at : -absl::InfiniteDuration();
}

void MirrorTable::Restore(const std::string& name) {
  auto entry = entries_.find(name);
  if (entry == entries_.end() || !entry->second.withdrawn || entry->second.suspect) return;
  if (entry->second.touched) return;
  (void)::flock(entry->second.directory.get(), LOCK_SH | LOCK_NB);
  entry->second.withdrawn = false;
  parts_.roots->Restore(name);
  Publish(entry->second);
}

void MirrorTable::RestoreAll() {
  for (const std::string& name : Names()) Restore(name);
}

absl::Status MirrorTable::Mend() const {
  for (const auto& [name, entry] : entries_) {
    if (!entry.withdrawn) RELOC_RETURN_IF_ERROR(PublishLink(entry));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> MirrorTable::Resolve(const std::string& ref) const {
  std::vector<std::string> matching;
  for (const std::string& name : ListedNames()) {
    if (name == ref) return name;
    if (absl::StartsWith(name, ref)) matching.push_back(name);
  }
  if (matching.size() == 1 && !ref.empty()) return matching[0];
  if (matching.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no mirror '", ref, "'; see relocctl mirrors ls"));
  }
  return absl::NotFoundError(absl::StrCat("'", ref, "' is the beginning of ", matching.size(),
                                          " mirrors: ", matching[0], ", ", matching[1],
                                          matching.size() > 2 ? ", ..." : ""));
}

bool MirrorTable::HasGrafts() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry.second.id.kind == MirrorKind::kGraft; });
}

std::vector<std::string> MirrorTable::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

std::vector<std::string> MirrorTable::ListedNames() const {
  std::vector<std::string> names;
  for (const relocd::v1::Mirror& mirror : List()) names.push_back(mirror.name());
  return names;
}

std::vector<relocd::v1::Mirror> MirrorTable::List() const {
  std::vector<relocd::v1::Mirror> list;
  for (const auto& [name, entry] : entries_) {
    list.push_back(entry.mirror);
    list.back().set_jobs(static_cast<uint32_t>(parts_.jobs_on(name)));
  }
  for (const auto& [name, damage] : damaged_) {
    if (!damage.listed) continue;
    list.push_back(damage.mirror);
    list.back().set_jobs(static_cast<uint32_t>(parts_.jobs_on(name)));
  }
  return list;
}

}  // namespace reloc
