#include "daemon/roots/mount_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

// What is mounted on `parent` is propagated. An unknown parent (outside of our root) is not ours to judge.
bool Propagates(const MountTable& mounts, int parent) {
  auto found = mounts.find(parent);
  return found == mounts.end() || found->second.shared;
}

bool HasUnpropagated(const MountTable& mounts, const MountTable& others) {
  for (const auto& [id, mount] : mounts) {
    auto other = others.find(id);
    bool same = other != others.end() && other->second == mount;
    if (!same && !Propagates(mounts, mount.parent)) return true;
  }
  return false;
}

std::string ReadFromStart(int fd) {
  std::string text;
  char chunk[16384];
  if (::lseek(fd, 0, SEEK_SET) != 0) return text;
  while (true) {
    Result<size_t> size = ReadAll(fd, chunk);
    if (!size.ok() || *size == 0) return text;
    text.append(chunk, *size);
  }
}

}  // namespace

MountTable ParseMountInfo(absl::string_view text) {
  MountTable mounts;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    int id = 0;
    Mount mount;
    if (fields.size() < 7 || !absl::SimpleAtoi(fields[0], &id) ||
        !absl::SimpleAtoi(fields[1], &mount.parent)) {
      continue;
    }
    // Optional fields, of which "shared:N" is one, up to a "-".
    for (size_t i = 6; i < fields.size() && fields[i] != "-"; ++i) {
      if (absl::StartsWith(fields[i], "shared:")) mount.shared = true;
    }
    mounts[id] = mount;
  }
  return mounts;
}

bool RootsAreStale(const MountTable& before, const MountTable& after) {
  return HasUnpropagated(after, before) || HasUnpropagated(before, after);
}

absl::StatusOr<std::unique_ptr<MountWatch>> MountWatch::Create(EventLoop* loop,
                                                               std::function<void()> on_stale) {
  Result<UniqueFd> fd =
      fault::Fails(fault::Point::kMountsOpen) ? Errno::Last() : Open("/proc/self/mountinfo", O_RDONLY);
  if (!fd.ok()) return absl::ErrnoToStatus(fd.error().value, "cannot open /proc/self/mountinfo");
  auto watch = absl::WrapUnique(new MountWatch(loop, *std::move(fd), std::move(on_stale)));
  watch->mounts_ = ParseMountInfo(ReadFromStart(watch->mountinfo_.get()));
  // proc(5): a change is reported as EPOLLPRI and EPOLLERR, once for each poll.
  RELOC_RETURN_IF_ERROR(
      loop->Watch(watch->mountinfo_.get(), EPOLLPRI, [w = watch.get()](uint32_t) { w->OnChange(); }));
  return watch;
}

MountWatch::~MountWatch() { loop_->Forget(mountinfo_.get()); }

void MountWatch::OnChange() {
  MountTable now = ParseMountInfo(ReadFromStart(mountinfo_.get()));
  bool stale = RootsAreStale(mounts_, now);
  mounts_ = std::move(now);
  if (stale) on_stale_();
}

}  // namespace reloc
