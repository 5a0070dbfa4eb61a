#include "daemon/mirrors/mirror_order.h"

#include <utility>

namespace reloc {

void MirrorOrder::Report(const relocd::v1::MirrorProgress& progress) {
  std::lock_guard lock(mutex_);
  progress_ = progress;
  news_ = true;
  changed_.notify_all();
}

void MirrorOrder::Finish(MirrorOutcome outcome) {
  std::lock_guard lock(mutex_);
  if (finished_) return;
  outcome_ = std::move(outcome);
  finished_ = true;
  changed_.notify_all();
}

bool MirrorOrder::Wait(absl::Duration patience, relocd::v1::MirrorProgress* progress) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoMilliseconds(patience), [this] { return news_ || finished_; });
  news_ = false;
  *progress = progress_;
  return finished_;
}

}  // namespace reloc
