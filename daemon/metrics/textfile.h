// Keeps a file for the textfile collector of Prometheus' node_exporter up to date: relocd then needs no port.
// Without process_*: node_exporter has those of its own and takes no name twice.
//
// Written when something happened, and not more often than the interval. The disk may be slow or a dead file
// server, so each writing has a thread of its own, which ends with it: at rest there is none.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/timer.h"
#include "daemon/metrics/metrics.h"
#include "daemon/model/event_bus.h"

namespace reloc {

// node_exporter reads only files that end in .prom: InvalidArgument if `path` does not, or is not absolute.
absl::Status CheckTextfile(const std::string& path);

// Writes `text` to `path`, mode 0644. Readers see the old file or the new one. May block.
absl::Status ReplaceTextfile(const std::string& path, const std::string& text);

// What a textfile is written and removed by, on a thread of its own. Tests do it themselves.
struct TextfileDisk {
  std::function<absl::Status(const std::string& path, const std::string& text)> replace;
  std::function<void(const std::string& path)> remove;
};
// In a process of its own: the file system may hang. Waits no more than a moment.
TextfileDisk TextfileApart();

class Textfile {
 public:
  // All must outlive it, and `events` may publish nothing after its end. `interval`: from one writing to the
  // next, at least.
  static absl::StatusOr<std::unique_ptr<Textfile>> Create(EventLoop* loop, EventBus* events,
                                                          const Metrics* metrics, std::string path,
                                                          absl::Duration interval,
                                                          TextfileDisk disk = TextfileApart());
  // Removes the file: it would go on saying what is no longer so. Waits for a writing no more than a second.
  ~Textfile();
  Textfile(const Textfile&) = delete;
  Textfile& operator=(const Textfile&) = delete;

 private:
  // Shared with the thread, which may never come back.
  struct Writing;

  Textfile(EventLoop* loop, const Metrics* metrics, std::string path, absl::Duration interval,
           TextfileDisk disk)
      : loop_(loop), metrics_(metrics), path_(std::move(path)), interval_(interval), disk_(std::move(disk)) {}
  void OnEvent();
  void Write();
  absl::Status StartThread();
  void OnWritten();
  bool AwaitThread();
  void Report(const absl::Status& status);

  EventLoop* loop_;
  const Metrics* metrics_;
  std::string path_;
  absl::Duration interval_;
  TextfileDisk disk_;
  std::unique_ptr<Timer> timer_;
  absl::Duration next_ = absl::ZeroDuration();  // MonotonicNow() from when on it may be written again
  bool changed_ = false;
  std::string complaint_;  // the last one: once is enough
  std::shared_ptr<Writing> writing_;
  std::thread thread_;
};

}  // namespace reloc
