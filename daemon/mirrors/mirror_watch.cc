#include "daemon/mirrors/mirror_watch.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

absl::Status Failed() {
  return absl::ErrnoToStatus(errno, "cannot watch mirrors (see the limits in /proc/sys/fs/inotify)");
}

}  // namespace

MirrorWatch::~MirrorWatch() {
  if (inotify_.valid()) loop_->Forget(inotify_.get());
}

absl::Status MirrorWatch::Open() {
  if (inotify_.valid()) return absl::OkStatus();
  UniqueFd fresh(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fresh.valid()) return Failed();
  RELOC_RETURN_IF_ERROR(loop_->Watch(fresh.get(), EPOLLIN, [this](uint32_t) { OnReadable(); }));
  inotify_ = std::move(fresh);
  return absl::OkStatus();
}

void MirrorWatch::Add(const std::string& name, const std::vector<int>& watches) {
  for (int watch : watches) names_[watch] = name;
}

void MirrorWatch::Forget(const std::string& name) {
  absl::erase_if(names_, [&](const auto& entry) {
    if (entry.second == name) ::inotify_rm_watch(inotify_.get(), entry.first);
    return entry.second == name;
  });
}

void MirrorWatch::Remove(const std::vector<int>& watches) {
  for (int watch : watches) {
    if (!names_.contains(watch)) ::inotify_rm_watch(inotify_.get(), watch);
  }
}

void MirrorWatch::OnReadable() {
  alignas(struct inotify_event) char events[4096];
  absl::flat_hash_set<std::string> touched;
  ssize_t size;
  while ((size = ::read(inotify_.get(), events, sizeof events)) > 0) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const struct inotify_event*>(events + at);
      auto watched = names_.find(event->wd);
      if ((event->mask & kMirrorRemovals) != 0 && watched != names_.end()) touched.insert(watched->second);
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
  }
  for (const std::string& name : touched) on_removal_(name);
}

}  // namespace reloc
