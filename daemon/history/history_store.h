// The history's file as relocd writes it: made, mended, bounded. For one thread at a time, which may have to
// wait for a disk: relocd has a process for it (history_process.h).
//
// Whatever is wrong with the file costs the history at most: one that is damaged is set aside under another
// name and a new one is begun; one that cannot be written is tried again with the next batch.
#pragma once

#include <stdint.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/base/log.h"
#include "daemon/proc/pidfd.h"
#include "proto/control.pb.h"
#include "reloc/storage/sqlite.h"

namespace reloc {

// What the history is told: an event, or a job that ended in an earlier daemon's time (then `event` has
// nothing but the job).
struct HistoryItem {
  relocd::v1::Event event;
  uint64_t number = 0;     // of the event, in this run of relocd; 0: of the job alone
  bool job_ended = false;  // event.job() is to be kept
};

struct HistoryLimits {
  size_t jobs = 10000;
  absl::Duration age = absl::InfiniteDuration();
};

// What time it is, and how long it is since boot; tests have others.
struct HistoryClocks {
  std::function<absl::Time()> wall = absl::Now;
  std::function<absl::Duration()> steady = BootTimeNow;
};

// What the history is written by.
class HistoryWriter {
 public:
  virtual ~HistoryWriter() = default;
  // Writes all of `items`, or none.
  virtual absl::Status Write(std::span<const HistoryItem> items) = 0;
  // Lets go of the file until the next Write().
  virtual void Close() = 0;
};

class HistoryStore : public HistoryWriter {
 public:
  // `daemon`: tells this run of relocd from others. `warn`: what becomes of a file that is damaged.
  HistoryStore(std::string path, HistoryLimits limits, int64_t daemon, HistoryClocks clocks = {},
               std::function<void(const std::string&)> warn = LogWarning);

  // A job that is there already stays as it is. Then removes what is beyond
  // the limits, and the output of jobs that are removed.
  absl::Status Write(std::span<const HistoryItem> items) override;
  void Close() override { database_.reset(); }

 private:
  absl::Status Open();
  absl::Status Prepare(sqlite::Database* database);
  absl::Status SetAside();
  absl::Status WriteOnce(std::span<const HistoryItem> items);
  absl::Status Insert(std::span<const HistoryItem> items);
  absl::Status Prune(std::vector<std::string>* removed);
  absl::Status PruneOld(std::vector<std::string>* removed);
  void RemoveOutput(const std::vector<std::string>& ids) const;

  std::string path_;
  HistoryLimits limits_;
  int64_t daemon_;
  HistoryClocks clocks_;
  std::function<void(const std::string&)> warn_;
  absl::Time started_at_;
  absl::Duration started_steady_;
  absl::Duration next_prune_;  // by age
  bool clock_is_odd_ = false;  // compared with the history
  std::optional<sqlite::Database> database_;
};

}  // namespace reloc
