// What `relocctl top` shows, without a terminal: which lines, in which order, and which of them is chosen.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "client/watch/job_sampler.h"

namespace reloc {

enum class TopOrder { kCpu, kMemory, kTraffic, kTime, kName, kAge };

// A job, or below it a process of it.
struct TopLine {
  std::string id;  // the job's
  std::string name;
  pid_t pid = 0;
  bool is_job = true;
  bool open = false;  // a job whose processes are shown
  char state = ' ';
  double cpu_percent = 0;
  double cpu_seconds = 0;
  double rss_bytes = 0;
  double traffic = 0;  // bytes a second, read and written
  int64_t started_at = 0;
  uint32_t processes = 1;
  bool known = true;    // false: its processes could not be read
  std::string command;  // without control characters
};

class TopView {
 public:
  // Shows the last sample. The chosen line remains chosen wherever it moves.
  void Update(const JobSampler& sampler);

  const std::vector<TopLine>& lines() const { return lines_; }
  size_t chosen() const { return chosen_; }
  // Returns nullptr if there is no line.
  const TopLine* chosen_line() const { return lines_.empty() ? nullptr : &lines_[chosen_]; }
  void Move(int by);
  // Shows or hides the processes of the chosen job.
  void Toggle();

  // Sorts with the highest first, and names from A; the same order again reverses it.
  void Sort(TopOrder order);
  TopOrder order() const { return order_; }
  bool reversed() const { return reversed_; }
  // Shows jobs whose name, command or id contains `text`; empty: all.
  void Filter(std::string text);
  const std::string& filter() const { return filter_; }

 private:
  void Arrange();

  std::vector<std::vector<TopLine>> jobs_;  // each followed by its processes
  std::vector<TopLine> lines_;
  absl::flat_hash_set<std::string> open_;
  size_t chosen_ = 0;
  TopOrder order_ = TopOrder::kCpu;
  bool reversed_ = false;
  std::string filter_;
};

}  // namespace reloc
