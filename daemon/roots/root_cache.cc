#include "daemon/roots/root_cache.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/log.h"
#include "reloc/pack/status.h"

namespace reloc {

void RootCache::SetPlace(const RegistryWriter::Holder& holder, const CallerContext& place) {
  holder_ = holder;
  place_ = place;
  DropAll();
}

RootLease RootCache::Find(const RootKey& key) {
  auto found = roots_.find(key);
  if (found == roots_.end()) return nullptr;
  found->second->used_at = absl::Now();
  return found->second;
}

void RootCache::Get(const RootRequest& request, UniqueFd store, OnRoot on_root) {
  if (RootLease root = Find(request.key); root != nullptr) return on_root(std::move(root));
  auto [at, first] = making_.try_emplace(request.key);
  if (!first) {
    at->second->waiting.push_back(std::move(on_root));
    return;
  }
  if (absl::Status room = MakeRoom(); !room.ok()) {
    making_.erase(at);
    return on_root(room);
  }
  auto making = std::make_shared<Making>();
  making->request = request;
  making->waiting.push_back(std::move(on_root));
  at->second = making;
  maker_->Make(std::move(store), request.prefix,
               [this, making](absl::StatusOr<MadeRoot> made) { OnMade(making, std::move(made)); });
}

void RootCache::OnMade(const std::shared_ptr<Making>& making, absl::StatusOr<MadeRoot> made) {
  if (!making->dropped) making_.erase(making->request.key);
  absl::StatusOr<RootLease> root =
      made.ok() ? absl::StatusOr<RootLease>(Keep(*making, *made)) : made.status();
  if (!root.ok())
    LogWarning(absl::StrCat("no root for ", making->request.pack, ": ", root.status().message()));
  for (OnRoot& waiting : making->waiting) waiting(root);
  if (made.ok() && making->dropped) maker_->Release({&made->fd, 1});
}

RootLease RootCache::Keep(const Making& making, const MadeRoot& made) {
  const RootRequest& request = making.request;
  absl::Time now = absl::Now();
  auto root = std::make_shared<Root>(Root{request.key, made, request.prefix, request.pack, now, now});
  if (making.dropped) return root;
  roots_[request.key] = root;
  absl::Status published = registry_->Publish(request.key, made.fd, made.inode);
  if (!published.ok()) LogWarning(published.message());
  LogInfo(absl::StrCat("root made for ", request.pack));
  Publish(EventType::kRootCreate, *root);
  return root;
}

// Room for one more root, counting those in the making.
absl::Status RootCache::MakeRoom() {
  if (roots_.size() + making_.size() <= limit_) return absl::OkStatus();
  // A scan: the limit is a few thousand, and a root takes longer to make than this.
  const Root* oldest = nullptr;
  for (const auto& [key, root] : roots_) {
    bool used = root.use_count() > 1;
    if (!used && (oldest == nullptr || root->used_at < oldest->used_at)) oldest = root.get();
  }
  if (oldest == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat("all of the ", limit_, " roots are in use"));
  }
  LogInfo(absl::StrCat("root dropped for ", oldest->pack));
  Evict(RootKey(oldest->key));
  return absl::OkStatus();
}

size_t RootCache::Prune() {
  std::vector<RootKey> unused;
  for (const auto& [key, root] : roots_) {
    if (root.use_count() == 1) unused.push_back(key);
  }
  for (const RootKey& key : unused) Evict(key);
  return unused.size();
}

void RootCache::Evict(const RootKey& key) {
  registry_->Withdraw(key);
  auto node = roots_.extract(key);
  Publish(EventType::kRootEvict, *node.mapped());
  maker_->Release({&node.mapped()->made.fd, 1});
}

void RootCache::Publish(EventType type, const Root& root) {
  events_->Publish({type, absl::Now(), nullptr, &root, {}});
}

void RootCache::DropAll() {
  // First, so that nobody joins what is about to go.
  absl::Status reset = registry_->Reset(holder_, place_);
  if (!reset.ok()) LogWarning(reset.message());
  std::vector<int32_t> fds;
  for (const auto& [key, root] : roots_) {
    fds.push_back(root->made.fd);
    Publish(EventType::kRootEvict, *root);
  }
  roots_.clear();
  for (auto& [key, making] : making_) making->dropped = true;
  making_.clear();
  if (!fds.empty()) maker_->Release(fds);
}

std::vector<std::pair<Root, size_t>> RootCache::List() const {
  std::vector<std::pair<Root, size_t>> list;
  for (const auto& [key, root] : roots_) {
    list.emplace_back(*root, static_cast<size_t>(root.use_count()) - 1);
  }
  return list;
}

}  // namespace reloc
