// The roots that launches share: each made once, kept while it is used, published so that launches join it
// without asking.
//
// A root is used while a job has a lease on it (Root by shared pointer). Dropping a root from the cache never
// touches a job: the processes inside keep the namespace alive.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/events/event_bus.h"
#include "daemon/roots/registry_writer.h"
#include "daemon/roots/root_maker.h"
#include "reloc/launch/root_registry.h"

namespace reloc {

struct Root {
  RootKey key;
  MadeRoot made;
  std::string prefix;  // empty: of an image
  std::string pack;    // path of the pack that it was made for first
  absl::Time created_at;
  mutable absl::Time used_at;
};
using RootLease = std::shared_ptr<const Root>;

struct RootRequest {
  RootKey key;
  std::string prefix;
  std::string pack;
};

class RootCache {
 public:
  using OnRoot = absl::AnyInvocable<void(absl::StatusOr<RootLease>)>;

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

  // The host's mounts changed, or the holder died: nobody may join these any more. Those in the making still
  // serve who waits for them, since they asked before, and are not kept.
  void DropAll();

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
    std::vector<OnRoot> waiting;
    bool dropped = false;
  };

  void OnMade(const std::shared_ptr<Making>& making, absl::StatusOr<MadeRoot> made);
  RootLease Keep(const Making& making, const MadeRoot& made);
  absl::Status MakeRoom();
  void Evict(const RootKey& key);
  void Publish(EventType type, const Root& root);

  RootMaker* maker_;
  RegistryWriter* registry_;
  const EventBus* events_;
  size_t limit_;
  RegistryWriter::Holder holder_;
  CallerContext place_;
  absl::flat_hash_map<RootKey, std::shared_ptr<Root>, KeyHash, KeyEqual> roots_;
  absl::flat_hash_map<RootKey, std::shared_ptr<Making>, KeyHash, KeyEqual> making_;
};

}  // namespace reloc
