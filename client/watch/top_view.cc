#include "client/watch/top_view.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/base/format.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

double Sum(const Rates& rates) {
  return rates.read_per_second.value_or(0) + rates.written_per_second.value_or(0);
}

TopLine JobLine(const relocd::v1::JobDetails& details, const Rates& rates) {
  const relocd::v1::Job& job = details.job();
  TopLine line;
  line.id = job.id();
  line.name = OneLine(job.name());
  line.pid = job.pid();
  if (details.processes_size() > 0) line.state = details.processes(0).state()[0];
  line.cpu_percent = rates.cpu_percent.value_or(0);
  line.cpu_seconds = job.cpu_seconds();
  line.rss_bytes = static_cast<double>(job.rss_bytes());
  line.traffic = Sum(rates);
  line.started_at = job.started_at().seconds();
  line.processes = job.processes();
  line.known = job.has_processes();
  line.command = OneLine(absl::StrJoin(job.argv(), " "));
  return line;
}

TopLine ProcessLine(const relocd::v1::JobDetails& details, const relocd::v1::Process& process,
                    const Rates& rates) {
  TopLine line;
  line.id = details.job().id();
  line.is_job = false;
  line.pid = process.pid();
  if (!process.state().empty()) line.state = process.state()[0];
  line.cpu_percent = rates.cpu_percent.value_or(0);
  line.cpu_seconds = process.cpu_seconds();
  line.rss_bytes = static_cast<double>(process.rss_bytes());
  line.traffic = Sum(rates);
  line.command = OneLine(absl::StrJoin(process.argv(), " "));
  return line;
}

bool Less(TopOrder order, const TopLine& a, const TopLine& b) {
  switch (order) {
    case TopOrder::kCpu:
      return a.cpu_percent > b.cpu_percent;
    case TopOrder::kMemory:
      return a.rss_bytes > b.rss_bytes;
    case TopOrder::kTraffic:
      return a.traffic > b.traffic;
    case TopOrder::kTime:
      return a.cpu_seconds > b.cpu_seconds;
    case TopOrder::kName:
      return a.name < b.name;
    case TopOrder::kAge:
      return a.started_at < b.started_at;
  }
  return false;
}

}  // namespace

void TopView::Update(const JobSampler& sampler) {
  jobs_.clear();
  for (const relocd::v1::JobDetails& job : sampler.jobs()) {
    std::vector<TopLine> lines = {JobLine(job, sampler.RatesOf(job))};
    for (const relocd::v1::Process& process : job.processes()) {
      lines.push_back(ProcessLine(job, process, sampler.RatesOf(job, process)));
    }
    jobs_.push_back(std::move(lines));
  }
  Arrange();
}

void TopView::Arrange() {
  std::pair<std::string, pid_t> was;
  bool was_job = true;
  if (const TopLine* line = chosen_line(); line != nullptr) {
    was = {line->id, line->pid};
    was_job = line->is_job;
  }
  // Stable: lines that compare equal, as most do while nothing happens, keep their order.
  std::stable_sort(jobs_.begin(), jobs_.end(), [this](const auto& a, const auto& b) {
    return reversed_ ? Less(order_, b[0], a[0]) : Less(order_, a[0], b[0]);
  });
  lines_.clear();
  for (std::vector<TopLine>& job : jobs_) {
    const TopLine& head = job[0];
    bool matches = absl::StrContains(head.name, filter_) || absl::StrContains(head.command, filter_) ||
                   absl::StrContains(head.id, filter_);
    if (!matches) continue;
    job[0].open = open_.contains(head.id);
    lines_.insert(lines_.end(), job.begin(), job[0].open ? job.end() : job.begin() + 1);
  }
  for (size_t i = 0; i < lines_.size(); ++i) {
    bool same = std::pair(lines_[i].id, lines_[i].pid) == was && lines_[i].is_job == was_job;
    if (same) chosen_ = i;
  }
  Move(0);
}

void TopView::Move(int by) {
  int64_t last = std::max<int64_t>(0, static_cast<int64_t>(lines_.size()) - 1);
  chosen_ = static_cast<size_t>(std::clamp<int64_t>(static_cast<int64_t>(chosen_) + by, 0, last));
}

void TopView::Toggle() {
  const TopLine* line = chosen_line();
  if (line == nullptr) return;
  const std::string id = line->id;
  if (open_.erase(id) == 0) open_.insert(id);
  // Hidden lines cannot be chosen: their job is instead.
  while (chosen_ > 0 && !lines_[chosen_].is_job) --chosen_;
  Arrange();
}

void TopView::Sort(TopOrder order) {
  reversed_ = order == order_ && !reversed_;
  order_ = order;
  Arrange();
}

void TopView::Filter(std::string text) {
  filter_ = std::move(text);
  Arrange();
}

}  // namespace reloc
