// The mirrors that are ready: which packs' launches are shown them, and who uses them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/event_loop.h"
#include "daemon/mirrors/mirror_links.h"
#include "daemon/mirrors/mirror_survey.h"
#include "daemon/mirrors/mirror_watch.h"
#include "daemon/model/event_bus.h"
#include "daemon/roots/root_cache.h"
#include "proto/control.pb.h"
#include "reloc/mirror/mirror.h"

namespace reloc {

class MirrorTable {
 public:
  // What it works with; all must outlive the table.
  struct Parts {
    int daemon_dir;  // descriptor
    RootCache* roots;
    const EventBus* events;
    std::function<size_t(const std::string& name)> jobs_on;  // how many jobs run from a mirror
  };

  // `loop` must outlive the table. `on_damage`: someone removes files of a mirror, which is out of the table.
  MirrorTable(EventLoop* loop, Parts parts, std::function<void()> on_damage)
      : parts_(std::move(parts)),
        links_(parts_.daemon_dir),
        watch_(loop, [this](const std::string& name) { OnRemoval(name); }),
        on_damage_(std::move(on_damage)) {}

  // The store that roots of `key` are to show, if there is a mirror of it.
  std::optional<MirroredStore> FindStore(const RootKey& key, const std::string& prefix) const;
  // The mirror from which a launch without a root runs now; empty: from the pack. kNone: any plain one there
  // is.
  std::string ServedTo(const PackDigest& digest, Engine engine) const;
  // A launch uses it.
  void Touch(const std::string& name);

  // Takes `survey` for all mirrors that there are: new ones are published, and those that are gone forgotten,
  // for `reason` (Event). `announce`: with events.
  void Replace(MirrorSurvey survey, const std::string& reason, bool announce);
  // Nothing begins to use any mirror until the next Replace(), for `reason` (Event).
  void Clear(const std::string& reason);
  // No launch begins to use the mirror any more; those that are about to are still told apart. False if jobs
  // use it, or launches cannot be kept from it.
  bool Withdraw(const std::string& name);
  // When it was; the infinite past if nobody knows it.
  absl::Duration WithdrawnAt(const std::string& name) const;  // MonotonicNow()
  // The opposite, of one or of all, if they are still there.
  void Restore(const std::string& name);
  void RestoreAll();
  // A launch could not use the mirror: until Acquit() none begins to use a plain one. False if that is known,
  // or was found to be no fault of the mirror's a short time ago.
  bool Suspect(const std::string& name);
  // The mirror can be used.
  void Acquit(const std::string& name);
  // The mirror cannot be used, as `why` says: launches go back to the pack, and what jobs do not use is
  // removed.
  void Discard(const std::string& name, const std::string& why);
  // Writes links anew that someone removed.
  absl::Status Mend() const;

  // The full name that `ref`, a name or the beginning of one, stands for. NotFound if none or several do.
  absl::StatusOr<std::string> Resolve(const std::string& ref) const;
  std::vector<std::string> Names() const;
  // Of all that List() has: also those that were found damaged and wait to be made again or pruned.
  std::vector<std::string> ListedNames() const;
  // The inotify instance for a worker, or -1: then launches find out, each for itself, that a mirror is gone.
  int watch_fd();
  // What is left of mirrors of which someone removed files; they do not come back into the table.
  std::vector<std::string> Damaged() const;
  bool HasGrafts() const;
  std::vector<relocd::v1::Mirror> List() const;
  bool InUse(const std::string& name) const { return parts_.jobs_on(name) > 0; }
  uint64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    MirrorId id;
    relocd::v1::Mirror mirror;
    FileId directory_id;
    UniqueFd directory;  // as in FoundMirror
    UniqueFd store;
    bool withdrawn = false;
    bool touched = false;  // files of it were removed while it was withdrawn
    bool suspect = false;  // being tried
    absl::Duration cleared_at = -absl::InfiniteDuration();
    absl::Duration withdrawn_at;  // MonotonicNow()
    absl::Duration touched_at = -absl::InfiniteDuration();
  };

  struct Damage {
    UniqueFd directory;  // held, so that no other gets its number
    FileId id;
    relocd::v1::Mirror mirror;
    bool listed = false;  // files differ: people decide what becomes of it
  };

  void ForgetDamage(const MirrorSurvey& survey);
  void Take(FoundMirror found, bool announce);
  void TakeDamaged(FoundMirror found);
  void Add(FoundMirror found, bool announce);
  void Remove(const std::string& name, const std::string& reason, bool announce);
  void GiveUp(const std::string& name, const std::string& reason);
  void Publish(const Entry& entry);
  absl::Status PublishLink(const Entry& entry) const;
  void OnRemoval(const std::string& name);
  void Announce(EventType type, const relocd::v1::Mirror& mirror, const std::string& reason,
                bool announce) const;

  Parts parts_;
  MirrorLinks links_;
  MirrorWatch watch_;
  std::function<void()> on_damage_;
  absl::btree_map<std::string, Entry> entries_;   // by name
  absl::btree_map<std::string, Damage> damaged_;  // by name
  uint64_t bytes_ = 0;
};

}  // namespace reloc
