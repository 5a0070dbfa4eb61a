// The mirrors that relocd makes and keeps: what is to be done with them, one task at a time, each by a
// worker.
//
// Nothing here looks at a pack: its file system may hang, and then only a worker does.
#pragma once

#include <stdint.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/timer.h"
#include "daemon/mirrors/mirror_order.h"
#include "daemon/mirrors/mirror_probe.h"
#include "daemon/mirrors/mirror_table.h"
#include "daemon/mirrors/mirror_worker.h"
#include "proto/control.pb.h"
#include "proto/mirror_task.pb.h"
#include "reloc/launch/wire.h"

namespace reloc {

struct MirrorSettings {
  std::string cache;        // absolute
  uint64_t limit = 0;       // bytes; 0: none
  unsigned int after = 0;   // launches of a pack until it is mirrored by itself; 0: never
  bool all = false;         // also of packs on a disk of this host
  absl::Duration patience;  // with a worker that says nothing
  std::string daemon_dir;
  bool none = false;  // there is no such cache
};

class Mirrors {
 public:
  // All that is borrowed must outlive the object. `on_idle`: the last task is done.
  static absl::StatusOr<std::unique_ptr<Mirrors>> Create(EventLoop* loop, MirrorTable::Parts parts,
                                                         MirrorSettings settings,
                                                         std::function<void()> on_idle);

  // Finds out what there is, if there can be anything.
  void Survey();
  // Finished, with no outcome, once that was found out: until then the table lacks what an earlier daemon
  // made.
  const std::shared_ptr<MirrorOrder>& survey() const { return survey_; }
  // A launch happens, from `mirror` (a name) or, if that is empty, from the pack itself.
  void Launched(const LaunchMessage& launch, const std::string& mirror);

  // A launch by the engine graft found no grafted mirror: makes one, unless that was tried before and failed.
  void Wanted(const LaunchMessage& launch);

  // A launch could execute nothing from the mirror that its engine uses: it is tried, and a plain one
  // withdrawn.
  void Unusable(const LaunchMessage& launch);

  // Each returns at once; the order tells how it goes.
  std::shared_ptr<MirrorOrder> Make(const std::string& pack, const std::string& kind);
  // `names` as the table has them. `stale`: only those whose pack is gone or has changed.
  std::shared_ptr<MirrorOrder> Remove(const std::vector<std::string>& names, bool stale);
  std::shared_ptr<MirrorOrder> Verify(const std::vector<std::string>& names);

  // With those in the making, and why there can be none.
  relocd::v1::ListMirrorsResponse List() const;
  MirrorTable& table() { return table_; }
  uint64_t bytes() const { return table_.bytes(); }
  uint64_t limit() const { return settings_.limit; }
  // The daemon has moved.
  void set_daemon_dir(const std::string& dir) { settings_.daemon_dir = dir; }
  // They are not used, since their file system does not answer.
  bool silent() const { return probe_->silent(); }
  bool busy() const { return current_.has_value(); }
  // False if what is done now waits for a file system, or nothing is done.
  bool works() const { return worker_ != nullptr && worker_->works(); }

 private:
  struct Task {
    relocd::v1::MirrorTask message;
    std::vector<std::shared_ptr<MirrorOrder>> orders;  // none: nobody asked for it
    MirrorOutcome outcome = {};
    MirrorSurvey survey = {};
    bool of_damaged = false;  // REMOVE: those that are damaged when it begins
    bool begun = false;       // it is not refused at once, as a pack that needs no mirror is
    std::vector<relocd::v1::UnusableMirror> unusable = {};
  };

  struct Demand {
    unsigned int launches = 0;
    unsigned int due = 0;  // at so many a mirror is made
  };

  Mirrors(EventLoop* loop, MirrorTable::Parts parts, MirrorSettings settings, std::function<void()> on_idle)
      : loop_(loop),
        settings_(std::move(settings)),
        table_(loop, std::move(parts), [this] { OnDamage(); }),
        on_idle_(std::move(on_idle)) {}
  relocd::v1::MirrorTask NewTask(relocd::v1::MirrorTask::Kind kind) const;
  relocd::v1::MirrorTask NewMake(const std::string& pack, const std::string& kind) const;
  void Enqueue(relocd::v1::MirrorTask message, std::vector<std::shared_ptr<MirrorOrder>> orders = {});
  std::shared_ptr<MirrorOrder> Order(relocd::v1::MirrorTask message);
  Task* FindMake(const std::string& pack, const std::string& kind);
  void RunNext();
  void LookAgain();
  void OnWord(const relocd::v1::MirrorWord& word, std::span<UniqueFd> fds);
  void NoteFound(const relocd::v1::MirrorWord& word, std::span<UniqueFd> fds);
  void OnQuestion(const std::string& name);
  void AnswerQuestion();
  void OnResult(absl::StatusOr<relocd::v1::MirrorResult> result);
  void NoteMade(const std::string& name);
  void TakeResult(const relocd::v1::MirrorResult& result);
  void TakeMirrors(const relocd::v1::MirrorResult& result);
  void NoteUnusable(const relocd::v1::MirrorResult& result);
  void Finish(absl::Status status);
  void OnEnd();
  void OnDamage();
  void RemoveDamaged();
  void OnSilence();
  void Probe();

  EventLoop* loop_;
  MirrorSettings settings_;
  MirrorTable table_;
  std::function<void()> on_idle_;
  std::deque<Task> waiting_;
  std::optional<Task> current_;
  std::unique_ptr<MirrorWorker> worker_;
  std::unique_ptr<Timer> grace_;
  std::unique_ptr<Timer> upkeep_;  // of graft paths
  std::unique_ptr<Timer> settle_;  // until what is left of damaged mirrors is removed
  std::unique_ptr<MirrorProbe> probe_;
  std::string asked_;  // the mirror that the worker asks about
  std::string error_;  // why there can be no mirrors
  bool surveyed_ = false;
  bool graft_names_ = false;  // there are some that must be renewed
  const std::shared_ptr<MirrorOrder> survey_ = std::make_shared<MirrorOrder>();
  absl::flat_hash_map<PackDigest, Demand> demand_;  // of packs without a mirror
  absl::flat_hash_set<PackDigest> wanted_;          // grafts that are being made, or cannot be
  // By kind: why mirrors of this cache cannot be used, so that none is made by itself.
  absl::flat_hash_map<std::string, std::string> unusable_;
};

}  // namespace reloc
