// relocd as a whole: its parts, and in which order they come and go.
#pragma once

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/listener.h"
#include "daemon/base/timer.h"
#include "daemon/control/control_server.h"
#include "daemon/control/control_service.h"
#include "daemon/control/job_service.h"
#include "daemon/events/event_feed.h"
#include "daemon/history/history.h"
#include "daemon/instance_dir.h"
#include "daemon/jobs/job_table.h"
#include "daemon/jobs/job_waiters.h"
#include "daemon/jobs/journal.h"
#include "daemon/keeper/keeper_link.h"
#include "daemon/launch/launch_server.h"
#include "daemon/launch/start_socket.h"
#include "daemon/metrics/metrics.h"
#include "daemon/metrics/outlets.h"
#include "daemon/mirrors/mirrors.h"
#include "daemon/model/event_bus.h"
#include "daemon/options.h"
#include "daemon/place_guard.h"
#include "daemon/processes/process_readers.h"
#include "daemon/roots/mount_watch.h"
#include "daemon/roots/registry_writer.h"
#include "daemon/roots/root_cache.h"
#include "daemon/service_manager.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class Daemon {
 public:
  // What it is to receive; to be blocked before there are threads.
  static sigset_t Signals();
  // `dir` is locked; `keeper` was forked; Signals() are blocked.
  static absl::StatusOr<std::unique_ptr<Daemon>> Create(const Options& options,
                                                        std::unique_ptr<InstanceDir> dir,
                                                        KeeperProcess keeper, ServiceManager manager);
  ~Daemon();

  // Serves until a signal, relocctl or idleness ends it.
  void Run();
  // Ends what others see of it. False if a thread still uses its parts: then the process is to exit without
  // destroying them.
  bool End();

 private:
  Daemon(const Options& options, std::unique_ptr<InstanceDir> dir, ServiceManager manager)
      : options_(options), manager_(std::move(manager)), dir_(std::move(dir)) {}
  absl::Status Open(KeeperProcess keeper);
  bool PlaceAnswers() { return place_ == nullptr || place_->Answers(); }
  absl::Status OpenRoots(KeeperProcess keeper);
  absl::Status OpenMirrors();
  absl::Status OpenServers();
  absl::Status OpenSignals();
  absl::Status OpenWatchdog();
  void GuardPlace();
  void OnSignal();
  void RefreshPlace();
  void DropRoots(const char* why);
  void Stop(const char* why);
  void NoteIdle();
  void OnIdleTime();
  int TakeWaitingClients();
  bool idle() const;
  RegistryWriter::Holder holder() const;
  std::string HistoryFile() const;
  DaemonView View();
  std::vector<ServiceFactory> Services();

  Options options_;
  ServiceManager manager_;
  DaemonView view_;
  absl::Time started_at_;
  // Later parts use earlier ones, and go first.
  std::unique_ptr<InstanceDir> dir_;
  std::unique_ptr<EventLoop> loop_;
  EventBus events_;  // its subscribers follow
  EventFeed feed_{&events_};
  std::unique_ptr<History> history_;
  JobWaiters waiters_;
  std::unique_ptr<KeeperLink> keeper_;
  std::unique_ptr<RegistryWriter> registry_;
  std::unique_ptr<RootCache> roots_;
  std::unique_ptr<MountWatch> mounts_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<JobTable> jobs_;
  std::unique_ptr<Mirrors> mirrors_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<MetricsOutlets> outlets_;
  std::unique_ptr<LaunchServer> launches_;
  std::unique_ptr<ProcessReaders> readers_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<Timer> idle_timer_;
  std::unique_ptr<Timer> watchdog_;
  UniqueFd signals_;
  // Last: names that clients find appear when all else is ready, and vanish first.
  std::unique_ptr<Listener> launch_socket_;
  std::unique_ptr<StartSocket> start_socket_;
  std::unique_ptr<Listener> control_socket_;
  std::unique_ptr<PlaceGuard> place_;
};

}  // namespace reloc
