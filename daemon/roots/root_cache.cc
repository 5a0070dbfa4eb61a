#include "daemon/roots/root_cache.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/base/log.h"
#include "reloc/hosted/status.h"

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

RootLease RootCache::FindEntered(const RootKey& key, uint64_t mount_namespace) {
  RootLease root = Find(key);
  while (root != nullptr && root->made.inode != mount_namespace) root = root->before;
  if (root != nullptr) return root;
  auto found = by_namespace_.find(mount_namespace);
  return found == by_namespace_.end() ? nullptr : found->second.lock();
}

void RootCache::Get(const RootRequest& request, UniqueFd store, OnRoot on_root) {
  RootLease there = Find(request.key);
  if (there != nullptr && !withdrawn_.contains(there->mirror)) return on_root(std::move(there));
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
  making->store = std::make_shared<const UniqueFd>(std::move(store));
  making->waiting.push_back(std::move(on_root));
  at->second = making;
  Start(making, true);
}

std::optional<MirroredStore> RootCache::MirrorFor(const RootKey& key, const std::string& prefix) const {
  return find_mirror_ ? find_mirror_(key, prefix) : std::nullopt;
}

void RootCache::Start(const std::shared_ptr<Making>& making, bool from_mirror) {
  std::optional<MirroredStore> mirrored;
  making->takes_mirror = from_mirror;
  if (from_mirror) mirrored = MirrorFor(making->request.key, making->request.prefix);
  making->mirror = mirrored ? mirrored->mirror : "";
  maker_->Make(mirrored ? mirrored->store.get() : making->store->get(), making->request.prefix,
               [this, making](absl::StatusOr<MadeRoot> made) { OnMade(making, std::move(made)); });
}

void RootCache::OnMade(const std::shared_ptr<Making>& making, absl::StatusOr<MadeRoot> made) {
  // A mirror that cannot be used, or is to go by now: the pack itself is as good.
  if (!making->mirror.empty() && (!made.ok() || withdrawn_.contains(making->mirror))) {
    if (made.ok()) maker_->Release({&made->fd, 1});
    return Start(making, false);
  }
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
  auto root = std::make_shared<Root>(
      Root{request.key, made, request.prefix, request.pack, now, now, making.mirror, making.store, nullptr});
  if (making.dropped) return root;
  Show(root);
  // The mirror may have become ready meanwhile.
  if (making.takes_mirror) Renew(root);
  return root;
}

// Puts `root` into the place of the one with its key, if there is one, and publishes it.
void RootCache::Show(const std::shared_ptr<Root>& root) {
  std::shared_ptr<Root>& place = roots_[root->key];
  std::shared_ptr<Root> old = std::exchange(place, root);
  absl::erase_if(by_namespace_, [](const auto& entry) { return entry.second.expired(); });
  by_namespace_[root->made.inode] = root;
  absl::Status published = registry_->Publish(root->key, root->made.fd, root->made.inode);
  if (!published.ok()) LogWarning(published.message());
  LogInfo(
      absl::StrCat("root made for ", root->pack, root->mirror.empty() ? "" : " from mirror ", root->mirror));
  if (old != nullptr) {
    old->before = nullptr;
    root->before = old;
    Publish(EventType::kRootEvict, *old, "replaced");
    maker_->Release({&old->made.fd, 1});
  }
  Publish(EventType::kRootCreate, *root);
}

void RootCache::Renew(const PackDigest& digest) {
  std::vector<std::shared_ptr<Root>> old;
  for (const auto& [key, root] : roots_) {
    if (key.digest == digest) old.push_back(root);
  }
  for (const std::shared_ptr<Root>& root : old) Renew(root);
}

void RootCache::Renew(const std::shared_ptr<Root>& old) {
  std::optional<MirroredStore> mirrored = MirrorFor(old->key, old->prefix);
  if (!mirrored || mirrored->mirror == old->mirror) return;
  maker_->Make(mirrored->store.get(), old->prefix,
               [this, old, mirror = mirrored->mirror](absl::StatusOr<MadeRoot> made) {
                 OnRenewed(old, mirror, std::move(made));
               });
}

void RootCache::OnRenewed(const std::shared_ptr<Root>& old, const std::string& mirror,
                          absl::StatusOr<MadeRoot> made) {
  if (!made.ok()) {
    return LogWarning(absl::StrCat("no root for ", old->pack, " from its mirror: ", made.status().message()));
  }
  auto place = roots_.find(old->key);
  if (place == roots_.end() || place->second != old || withdrawn_.contains(mirror)) {
    return maker_->Release({&made->fd, 1});
  }
  absl::Time now = absl::Now();
  Show(std::make_shared<Root>(
      Root{old->key, *made, old->prefix, old->pack, now, old->used_at, mirror, old->store, nullptr}));
}

std::vector<RootKey> RootCache::KeysOf(const std::string& mirror) const {
  std::vector<RootKey> keys;
  for (const auto& [key, root] : roots_) {
    if (root->mirror == mirror) keys.push_back(key);
  }
  return keys;
}

void RootCache::Withdraw(const std::string& mirror) {
  withdrawn_.insert(mirror);
  for (const RootKey& key : KeysOf(mirror)) registry_->Withdraw(key);
}

void RootCache::Restore(const std::string& mirror) {
  withdrawn_.erase(mirror);
  for (const RootKey& key : KeysOf(mirror)) {
    const MadeRoot& made = roots_[key]->made;
    absl::Status published = registry_->Publish(key, made.fd, made.inode);
    if (!published.ok()) LogWarning(published.message());
  }
}

void RootCache::Drop(const std::string& mirror, const std::string& reason) {
  withdrawn_.erase(mirror);
  for (const RootKey& key : KeysOf(mirror)) Evict(key, reason);
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
  Evict(RootKey(oldest->key), "limit");
  return absl::OkStatus();
}

size_t RootCache::Prune() {
  std::vector<RootKey> unused;
  for (const auto& [key, root] : roots_) {
    if (root.use_count() == 1) unused.push_back(key);
  }
  for (const RootKey& key : unused) Evict(key, "pruned");
  return unused.size();
}

void RootCache::DropUnserved(int32_t fd) {
  for (const auto& [key, root] : roots_) {
    if (root->made.fd != fd) continue;
    LogWarning(absl::StrCat("root dropped for ", root->pack, ": its image server ended"));
    return Evict(RootKey(key), "image server ended");
  }
}

void RootCache::Evict(const RootKey& key, const std::string& reason) {
  registry_->Withdraw(key);
  auto node = roots_.extract(key);
  node.mapped()->store = nullptr;
  Publish(EventType::kRootEvict, *node.mapped(), reason);
  maker_->Release({&node.mapped()->made.fd, 1});
}

void RootCache::Publish(EventType type, const Root& root, const std::string& reason) {
  events_->Publish({.type = type, .time = absl::Now(), .root = &root, .text = {}, .reason = reason});
}

void RootCache::DropAll() {
  // First, so that nobody joins what is about to go.
  absl::Status reset = registry_->Reset(holder_, place_);
  if (!reset.ok()) LogWarning(reset.message());
  std::vector<int32_t> fds;
  for (const auto& [key, root] : roots_) {
    fds.push_back(root->made.fd);
    root->store = nullptr;
    Publish(EventType::kRootEvict, *root, "out of date");
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
