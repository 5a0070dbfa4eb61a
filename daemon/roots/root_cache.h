// The roots that launches share: each made once, kept while it is used, published so that launches join it
// without asking.
//
// A root is used while a job has a lease on it (Root by shared pointer). Dropping a root from the cache never
// touches a job: the processes inside keep the namespace alive.
//
// Where a mirror of the pack's store is ready, roots show that in place of the pack's own. The key stays the
// pack's: it is what launches find and look up. So the cache holds the pack's directory open, or its number
// could become another directory's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/model/event_bus.h"
#include "daemon/model/root.h"
#include "daemon/roots/registry_writer.h"
#include "daemon/roots/root_maker.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/root_registry.h"

namespace reloc {

struct RootRequest {
  RootKey key;
  std::string prefix;
  std::string pack;
};

// The store of a mirror.
struct MirroredStore {
  std::string mirror;  // its name
  UniqueFd store;
};

class RootCache {
 public:
  using OnRoot = absl::AnyInvocable<void(absl::StatusOr<RootLease>)>;
  // The mirror that roots of this key are to show from now on, if there is one.
  using FindMirror =
      std::function<std::optional<MirroredStore>(const RootKey& key, const std::string& prefix)>;

  // `maker`, `registry` and `events` must outlive the cache. At most `limit` roots are kept.
  RootCache(RootMaker* maker, RegistryWriter* registry, const EventBus* events, size_t limit)
      : maker_(maker), registry_(registry), events_(events), limit_(limit) {}

  // Where roots are made, and who holds them. Drops all roots if that changed.
  void SetPlace(const RegistryWriter::Holder& holder, const CallerContext& place);
  const CallerContext& place() const { return place_; }

  // Hands the root for `request` to `on_root`, at once or when it is made. Requests for one that is in the
  // making wait for it. ResourceExhausted when the limit is reached and every root is in use.
  void Get(const RootRequest& request, UniqueFd store, OnRoot on_root);
  // A lease on a root that is there, or nullptr.
  RootLease Find(const RootKey& key);
  // A lease on the root whose mount namespace has that inode number, of `key` in the first place, or nullptr:
  // also on one that others took the place of, or that was dropped and is still in use.
  RootLease FindEntered(const RootKey& key, uint64_t mount_namespace);

  // Before the first root is made. Without, each root shows the pack's own store.
  void UseMirrors(FindMirror find_mirror) { find_mirror_ = std::move(find_mirror); }
  // A mirror of the packs with `digest` is ready: their roots are made anew, and take the place of the old
  // ones when they are made.
  void Renew(const PackDigest& digest);
  // Nobody enters the roots of `mirror` any more but who is on his way.
  void Withdraw(const std::string& mirror);
  // The opposite, or the end of it: the roots that were withdrawn are dropped, for `reason` (Event).
  void Restore(const std::string& mirror);
  void Drop(const std::string& mirror, const std::string& reason);

  // The host's mounts changed, or the holder died: nobody may join these any more. Those in the making still
  // serve who waits for them, since they asked before, and are not kept.
  void DropAll();

  // The server of the image that the root with the descriptor `fd` shows has ended: nobody may join it any
  // more.
  void DropUnserved(int32_t fd);

  // Drops the roots that nobody has a lease on; returns how many. They are made anew when they are wanted.
  size_t Prune();

  size_t size() const { return roots_.size(); }
  size_t limit() const { return limit_; }
  // Roots and the number of leases on each.
  std::vector<std::pair<Root, size_t>> List() const;

 private:
  struct KeyHash {
    size_t operator()(const RootKey& key) const {
      return key.store.inode * 0x9e3779b97f4a7c15 ^ key.store.device ^ key.prefix_hash;
    }
  };
  struct KeyEqual {
    bool operator()(const RootKey& a, const RootKey& b) const {
      return a.store == b.store && a.digest == b.digest && a.prefix_hash == b.prefix_hash;
    }
  };
  struct Making {
    RootRequest request;
    std::shared_ptr<const UniqueFd> store;
    std::string mirror;  // as in Root
    std::vector<OnRoot> waiting;
    bool dropped = false;
    bool takes_mirror = true;  // if there is one
  };

  void Start(const std::shared_ptr<Making>& making, bool from_mirror);
  void OnMade(const std::shared_ptr<Making>& making, absl::StatusOr<MadeRoot> made);
  void Renew(const std::shared_ptr<Root>& old);
  void OnRenewed(const std::shared_ptr<Root>& old, const std::string& mirror, absl::StatusOr<MadeRoot> made);
  std::optional<MirroredStore> MirrorFor(const RootKey& key, const std::string& prefix) const;
  RootLease Keep(const Making& making, const MadeRoot& made);
  void Show(const std::shared_ptr<Root>& root);
  std::vector<RootKey> KeysOf(const std::string& mirror) const;
  absl::Status MakeRoom();
  void Evict(const RootKey& key, const std::string& reason);
  void Publish(EventType type, const Root& root, const std::string& reason = "");

  RootMaker* maker_;
  RegistryWriter* registry_;
  const EventBus* events_;
  size_t limit_;
  RegistryWriter::Holder holder_;
  CallerContext place_;
  absl::flat_hash_map<RootKey, std::shared_ptr<Root>, KeyHash, KeyEqual> roots_;
  absl::flat_hash_map<RootKey, std::shared_ptr<Making>, KeyHash, KeyEqual> making_;
  FindMirror find_mirror_;
  absl::flat_hash_set<std::string> withdrawn_;  // mirrors
  absl::flat_hash_map<uint64_t, std::weak_ptr<const Root>>
      by_namespace_;  // all that are alive, and some more
};

}  // namespace reloc
