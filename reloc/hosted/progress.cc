#include "reloc/hosted/progress.h"

namespace reloc {
namespace {

// Often enough for a smooth bar and a prompt ^C, seldom enough to cost nothing.
constexpr uint64_t kReportEvery = 4 << 20;

}  // namespace

ProgressMeter::ProgressMeter(const ProgressCallback& callback, std::string_view stage, uint64_t total)
    : callback_(callback), stage_(stage), total_(total) {}

ProgressMeter::~ProgressMeter() {
  if (!cancelled_) Report(done_).IgnoreError();
}

absl::Status ProgressMeter::Add(uint64_t bytes) {
  uint64_t done = done_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (cancelled_) return absl::CancelledError("interrupted");
  if (bytes > 0 && done - reported_ < kReportEvery) return absl::OkStatus();
  return Report(done);
}

absl::Status ProgressMeter::Report(uint64_t done) {
  if (!callback_) return absl::OkStatus();
  std::lock_guard lock(mutex_);
  if (done > reported_) reported_ = done;
  if (!cancelled_ && !callback_({stage_, reported_, total_})) cancelled_ = true;
  return cancelled_ ? absl::CancelledError("interrupted") : absl::OkStatus();
}

}  // namespace reloc
