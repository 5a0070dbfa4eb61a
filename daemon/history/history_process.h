// The history, written by a process of its own: its disk may stop answering.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "daemon/base/disk_process.h"
#include "daemon/history/history_store.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class HistoryProcess : public HistoryWriter {
 public:
  HistoryProcess(std::string path, HistoryLimits limits, int64_t daemon)
      : path_(std::move(path)), limits_(limits), daemon_(daemon) {}

  absl::Status Write(std::span<const HistoryItem> items) override;
  void Close() override { disk_.reset(); }

 private:
  absl::Status Send(std::span<const HistoryItem> items);
  bool hangs() const;

  std::string path_;
  HistoryLimits limits_;
  int64_t daemon_;
  std::unique_ptr<DiskProcess> disk_;
  UniqueFd hanging_;  // a pidfd of one that was given up
};

}  // namespace reloc
