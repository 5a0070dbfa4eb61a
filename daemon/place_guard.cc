#include "daemon/place_guard.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

// Whoever removes things removes several: first let him finish.
constexpr absl::Duration kSettle = absl::Milliseconds(100);
constexpr absl::Duration kFirstRetry = absl::Seconds(1);
constexpr absl::Duration kLastRetry = absl::Seconds(32);
constexpr absl::Duration kLookBack = absl::Seconds(10);      // from the second place
constexpr absl::Duration kMoment = absl::Milliseconds(300);  // for the event loop to wait
constexpr uint32_t kRemovals = IN_DELETE | IN_MOVED_FROM | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;

// Whatever we put there has such a name until it is complete, and loses it then.
bool IsOurOwn(const struct inotify_event& event) {
  return event.len > 0 && absl::EndsWith(event.name, ".new");
}

}  // namespace

absl::StatusOr<std::unique_ptr<PlaceGuard>> PlaceGuard::Create(EventLoop* loop, InstanceDir* dir,
                                                               std::function<void(const char*)> on_lost,
                                                               std::function<bool()> may_return) {
  auto guard = absl::WrapUnique(new PlaceGuard(loop, dir, std::move(on_lost), std::move(may_return)));
  PlaceGuard* self = guard.get();
  RELOC_ASSIGN_OR_RETURN(guard->timer_, Timer::Create(loop, [self] { self->Look(); }));
  RELOC_ASSIGN_OR_RETURN(guard->look_, PlaceLook::Create(loop, [self](absl::StatusOr<std::string> place) {
                           self->OnLook(std::move(place));
                         }));
  RELOC_RETURN_IF_ERROR(guard->Watch());
  if (dir->is_second()) guard->timer_->Arm(kLookBack);
  return guard;
}

PlaceGuard::~PlaceGuard() {
  if (inotify_.valid()) loop_->Forget(inotify_.get());
}

absl::Status PlaceGuard::Watch() {
  UniqueFd fresh(fault::Fails(fault::Point::kPlaceWatch) ? -1 : ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", dir_->fd());
  if (!fresh.valid() || ::inotify_add_watch(fresh.get(), path, kRemovals) < 0) {
    return absl::ErrnoToStatus(errno, "cannot watch our directory (see the limits in /proc/sys/fs/inotify)");
  }
  if (inotify_.valid()) loop_->Forget(inotify_.get());
  inotify_ = std::move(fresh);
  return loop_->Watch(inotify_.get(), EPOLLIN, [this](uint32_t) { OnChange(); });
}

void PlaceGuard::OnChange() {
  alignas(struct inotify_event) char events[4096];
  ssize_t size;
  while ((size = ::read(inotify_.get(), events, sizeof events)) > 0) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const struct inotify_event*>(events + at);
      if (!IsOurOwn(*event) && !timer_->armed()) timer_->Arm(kSettle);
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
  }
}

void PlaceGuard::Look() {
  absl::Status started = look_->Start(dir_->path());
  if (started.ok()) return;
  LogDebug(absl::StrCat("cannot look at our directory: ", started.message()));
  timer_->Arm(kLookBack);
}

bool PlaceGuard::Answers() {
  if (!dir_->is_second()) return true;
  if (hangs_) return false;
  relocd::v1::DiskTask task;
  task.set_touch(dir_->path());
  const absl::Status touched = DoOnDisk(task, dir_->path(), kMoment, [](absl::string_view) {});
  if (!absl::IsDeadlineExceeded(touched) && !absl::IsUnavailable(touched)) return true;
  OnLook(absl::DeadlineExceededError(touched.message()));
  Look();  // its outcome comes when the directory answers again
  return false;
}

// Only a state directory that has answered just now is looked at here, on the event loop.
void PlaceGuard::OnLook(absl::StatusOr<std::string> place) {
  const bool hangs = absl::IsDeadlineExceeded(place.status());
  if (hangs != std::exchange(hangs_, hangs)) {
    hangs ? LogWarning("the state directory does not answer: relocctl cannot reach relocd until it does")
          : LogInfo("the state directory answers again");
  }
  // Unavailable: the process that looked was killed.
  if (hangs || absl::IsUnavailable(place.status())) return timer_->Arm(kLookBack);
  Conclude(place.ok() ? TryToMend(*std::move(place)) : place.status());
}

void PlaceGuard::Conclude(const absl::Status& mended) {
  if (mended.ok()) {
    retry_ = absl::ZeroDuration();
    if (dir_->is_second()) timer_->Arm(kLookBack);
    return;
  }
  if (absl::IsAlreadyExists(mended)) return on_lost_("another daemon has taken the place");
  if (retry_ > kLastRetry) return on_lost_("the directory is gone and cannot be made again");
  if (retry_ == absl::ZeroDuration()) {
    retry_ = kFirstRetry;
    LogError(absl::StrCat("cannot put back what was removed from ", dir_->path(), ": ", mended.message()));
  }
  timer_->Arm(retry_);
  retry_ *= 2;
}

absl::Status PlaceGuard::TryToMend(std::string place) {
  const std::string before = dir_->path();
  const bool stays = dir_->is_second() && !may_return_();
  RELOC_ASSIGN_OR_RETURN(bool is_new, dir_->Mend(stays ? before : std::move(place)));
  if (is_new) {
    LogWarning(before == dir_->path()
                   ? absl::StrCat(before, " was removed; made it again")
                   : absl::StrCat("relocd moved from ", before, " to ", dir_->path(),
                                  dir_->is_second() ? ": another user has taken the first" : ""));
    RELOC_RETURN_IF_ERROR(Watch());
  }
  for (const Mender& mend : menders_) RELOC_RETURN_IF_ERROR(mend());
  return absl::OkStatus();
}

}  // namespace reloc
