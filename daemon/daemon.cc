#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/events_service.h"
#include "daemon/control/history_service.h"
#include "daemon/control/metrics_service.h"
#include "daemon/control/mirror_service.h"
#include "daemon/control/root_service.h"
#include "daemon/history/history_process.h"
#include "daemon/jobs/recovery.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/caller.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/mirror/cache_dir.h"

namespace reloc {
namespace {

constexpr size_t kMaxEndedJobs = 1000;

HistoryLimits Limits(const Options& options) {
  bool bounded = options.history_days > 0;
  return {options.history_limit, bounded ? absl::Hours(24) * options.history_days : absl::InfiniteDuration()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(const Options& options,
                                                       std::unique_ptr<InstanceDir> dir, KeeperProcess keeper,
                                                       ServiceManager manager) {
  auto daemon = absl::WrapUnique(new Daemon(options, std::move(dir), std::move(manager)));
  RELOC_RETURN_IF_ERROR(daemon->Open(std::move(keeper)));
  return daemon;
}

Daemon::~Daemon() {
  if (signals_.valid()) loop_->Forget(signals_.get());
}

absl::Status Daemon::Open(KeeperProcess keeper) {
  started_at_ = absl::Now();
  events_.Subscribe([this](const Event& event) {
    if (event.type == EventType::kExit) waiters_.Ended(event.job->id);
  });
  RELOC_ASSIGN_OR_RETURN(loop_, EventLoop::Create());
  RELOC_RETURN_IF_ERROR(OpenSignals());
  const int64_t daemon = NewDaemonNumber();
  history_ = std::make_unique<History>(
      &events_, daemon, std::make_unique<HistoryProcess>(HistoryFile(), Limits(options_), daemon));
  RELOC_RETURN_IF_ERROR(OpenRoots(std::move(keeper)));
  RELOC_ASSIGN_OR_RETURN(idle_timer_, Timer::Create(loop_.get(), [this] { OnIdleTime(); }));
  RELOC_RETURN_IF_ERROR(OpenServers());
  GuardPlace();
  return OpenWatchdog();
}

absl::Status Daemon::OpenRoots(KeeperProcess keeper) {
  RELOC_ASSIGN_OR_RETURN(keeper_, KeeperLink::Create(loop_.get(), std::move(keeper), ExecuteKeeper));
  if (!keeper_->usable().ok()) {
    LogWarning(absl::StrCat("no roots can be made here: ", keeper_->usable().message()));
  }
  keeper_->OnChange([this] { DropRoots("their keeper is gone"); });
  keeper_->OnServerEnd([this](int32_t fd) { roots_->DropUnserved(fd); });
  registry_ = std::make_unique<RegistryWriter>(dir_->fd(), [this] { return PlaceAnswers(); });
  roots_ = std::make_unique<RootCache>(keeper_.get(), registry_.get(), &events_, options_.max_roots);
  RefreshPlace();
  RELOC_ASSIGN_OR_RETURN(mounts_,
                         MountWatch::Create(loop_.get(), [this] { DropRoots("the host's mounts changed"); }));
  return absl::OkStatus();
}

absl::Status Daemon::OpenMirrors() {
  MirrorSettings settings{MirrorDir(options_.mirror_dir, dir_->path()),
                          options_.mirror_limit,
                          options_.mirror_after,
                          options_.mirror_all,
                          options_.mirror_patience,
                          dir_->path(),
                          options_.no_mirrors};
  MirrorTable::Parts parts{dir_->fd(), roots_.get(), &events_,
                           [this](const std::string& name) { return jobs_->CountOn(name); }};
  RELOC_ASSIGN_OR_RETURN(
      mirrors_, Mirrors::Create(loop_.get(), std::move(parts), std::move(settings), [this] { NoteIdle(); }));
  roots_->UseMirrors([this](const RootKey& key, const std::string& prefix) {
    return mirrors_->table().FindStore(key, prefix);
  });
  return absl::OkStatus();
}

absl::Status Daemon::OpenServers() {
  journal_ = std::make_unique<Journal>(dir_->fd(), [this] { return PlaceAnswers(); });
  loop_->OnPause([this] { journal_->Flush(); });
  jobs_ =
      std::make_unique<JobTable>(loop_.get(), &events_, dir_->fd(), kMaxEndedJobs, [this] { NoteIdle(); });
  RELOC_RETURN_IF_ERROR(OpenMirrors());
  RELOC_ASSIGN_OR_RETURN(readers_, ProcessReaders::Create(loop_.get()));
  view_ = View();
  metrics_ = std::make_unique<Metrics>(&events_, jobs_.get(), roots_.get(), [this] {
    return MirrorSpace{mirrors_->bytes(), mirrors_->limit()};
  });
  outlets_ = std::make_unique<MetricsOutlets>(loop_.get(), &events_, metrics_.get(), options_.metrics);
  RELOC_ASSIGN_OR_RETURN(
      launches_,
      LaunchServer::Create(
          {loop_.get(), keeper_.get(), roots_.get(), jobs_.get(), mirrors_.get(), [this] { RefreshPlace(); },
           [this] { NoteIdle(); }, [this](absl::Duration waited) { metrics_->Answered(waited); },
           [this] { start_socket_->ReceiveAll(); }, [this] { metrics_->FellBack(Reason::kVersion); },
           view_.output_dir, options_.output_limit}));
  RELOC_ASSIGN_OR_RETURN(control_, ControlServer::Create(loop_.get(), Services(), [this] { NoteIdle(); }));
  RELOC_ASSIGN_OR_RETURN(
      start_socket_,
      StartSocket::Open(loop_.get(), dir_->fd(),
                        [this](std::span<const char> message, pid_t pid, absl::StatusOr<UniqueFd> pidfd) {
                          launches_->Started(message, pid, std::move(pidfd));
                        }));
  // root is trusted with control, but starts no programs as someone else.
  RELOC_ASSIGN_OR_RETURN(control_socket_,
                         Listener::Open(loop_.get(),
                                        {dir_->fd(), kControlSocket, SOCK_STREAM, true,
                                         [this](Peer peer) { control_->Add(std::move(peer)); }},
                                        manager_.TakeListener(SOCK_STREAM)));
  // Last: who is answered there finds the others.
  RELOC_ASSIGN_OR_RETURN(launch_socket_,
                         Listener::Open(loop_.get(),
                                        {dir_->fd(), kLaunchSocket, SOCK_SEQPACKET, false,
                                         [this](Peer peer) { launches_->Add(std::move(peer)); }},
                                        manager_.TakeListener(SOCK_SEQPACKET)));
  return absl::OkStatus();
}

// Not being able to is no reason not to serve.
void Daemon::GuardPlace() {
  // A launcher goes on in the place where its job was started.
  auto place = PlaceGuard::Create(
      loop_.get(), dir_.get(), [this](const char* why) { Stop(why); },
      [this] { return !jobs_->has_launchers(); });
  if (!place.ok()) return LogWarning(place.status().message());
  place_ = *std::move(place);
  place_->Add([this] {
    view_.dir = dir_->path();
    mirrors_->set_daemon_dir(dir_->path());
    return absl::OkStatus();
  });
  place_->Add([this] {
    jobs_->MendJournal();  // which complains itself
    return absl::OkStatus();
  });
  place_->Add([this] { return registry_->Mend(); });
  place_->Add([this] { return mirrors_->table().Mend(); });
  place_->Add([this] { return control_socket_->Mend(); });
  place_->Add([this] { return launch_socket_->Mend(); });
  place_->Add([this] { return start_socket_->Mend(); });
}

// Twice in each interval, as sd_watchdog_enabled(3) advises. A loop that does not turn tells nothing.
absl::Status Daemon::OpenWatchdog() {
  const absl::Duration interval = manager_.watchdog() / 2;
  if (interval == absl::InfiniteDuration()) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(watchdog_, Timer::Create(loop_.get(), [this, interval] {
                           manager_.Notify("WATCHDOG=1");
                           watchdog_->Arm(interval);
                         }));
  watchdog_->Arm(interval);
  return absl::OkStatus();
}

sigset_t Daemon::Signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, signal);
  return wanted;
}

absl::Status Daemon::OpenSignals() {
  const sigset_t wanted = Signals();
  signals_.Reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) return absl::ErrnoToStatus(errno, "cannot receive signals");
  return loop_->Watch(signals_.get(), EPOLLIN, [this](uint32_t) { OnSignal(); });
}

void Daemon::OnSignal() {
  struct signalfd_siginfo info;
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
  // The end of the terminal that we were started from, unless we have nothing to do with it any more.
  if (info.ssi_signo == SIGHUP && !options_.log_file.empty()) {
    ReopenLog();
    return;
  }
  Stop(strsignal(static_cast<int>(info.ssi_signo)));
}

void Daemon::Run() {
  LogInfo(absl::StrCat("relocd ", RELOC_VERSION, " serves ", dir_->path()));
  if (!options_.found_warning.empty()) LogWarning(options_.found_warning);
  events_.Publish({EventType::kDaemonStart, absl::Now(), nullptr, nullptr, {}});
  // Now, when all who want to know of their endings listen. Whoever has connected meanwhile waits in the
  // queue.
  RecoverJobs(dir_->fd(), journal_.get(), jobs_.get(), [this](const Job& job) { history_->Keep(job); });
  mirrors_->Survey();
  manager_.Notify(absl::StrCat("READY=1\nSTATUS=Serves ", dir_->path()));
  NoteIdle();
  loop_->Run();
}

bool Daemon::End() {
  place_.reset();
  control_socket_.reset();
  start_socket_.reset();
  launch_socket_.reset();
  if (control_->End()) return true;
  LogWarning("a client's call does not end: relocd leaves it behind");
  history_->Finish();
  keeper_.reset();
  return false;
}

// What clients have told until now is not lost with us; later ones do without a daemon.
void Daemon::Stop(const char* why) {
  manager_.Notify(absl::StrCat("STOPPING=1\nSTATUS=Stops: ", why));
  TakeWaitingClients();
  start_socket_->End();
  LogInfo(absl::StrCat("stopping: ", why));
  events_.Publish({EventType::kDaemonStop, absl::Now(), nullptr, nullptr, why});
  loop_->Stop();
}

RegistryWriter::Holder Daemon::holder() const {
  if (!keeper_->usable().ok()) return {};
  return {keeper_->pid(), keeper_->user_namespace().fd, keeper_->user_namespace().inode};
}

// Looks again at where we stand, and drops the roots if it changed.
void Daemon::RefreshPlace() {
  Result<CallerContext> place = ReadCallerContext();
  if (!place.ok()) return LogError("cannot read our own namespaces: is /proc mounted?");
  if (*place == roots_->place()) return;
  if (roots_->size() > 0) LogInfo("roots dropped: \"/\" changed");
  roots_->SetPlace(holder(), *place);
}

void Daemon::DropRoots(const char* why) {
  if (roots_->size() > 0) LogInfo(absl::StrCat("roots dropped: ", why));
  roots_->SetPlace(holder(), roots_->place());
}

bool Daemon::idle() const {
  return jobs_->running() == 0 && launches_->clients() == 0 && control_->connections() == 0 &&
         !mirrors_->busy();
}

// Something ended. The timer runs from the last such moment; whether we are still idle is asked when it
// fires.
void Daemon::NoteIdle() {
  if (options_.idle_exit != absl::InfiniteDuration() && idle()) idle_timer_->Arm(options_.idle_exit);
}

// A client may come at this very moment: it must find nobody, or be served.
void Daemon::OnIdleTime() {
  if (!idle()) return;
  if (TakeWaitingClients() == 0) return Stop("idle");
  control_socket_->Show();
  launch_socket_->Show();
  start_socket_->Show();
  NoteIdle();
}

int Daemon::TakeWaitingClients() {
  control_socket_->Hide();
  launch_socket_->Hide();
  start_socket_->Hide();
  return control_socket_->AcceptAll() + launch_socket_->AcceptAll() + start_socket_->ReceiveAll();
}

std::vector<ServiceFactory> Daemon::Services() {
  return {[this](Mailbox* mailbox) { return std::make_unique<ControlService>(&view_, mailbox); },
          [this](Mailbox* mailbox) {
            return std::make_unique<HistoryService>(history_.get(), HistoryFile(), mailbox);
          },
          [this](Mailbox* mailbox) {
            return std::make_unique<EventsService>(&feed_, history_.get(), HistoryFile(), mailbox);
          },
          [this](Mailbox* mailbox) { return std::make_unique<RootService>(roots_.get(), mailbox); },
          [this](Mailbox* mailbox) { return std::make_unique<MirrorService>(mirrors_.get(), mailbox); },
          [this](Mailbox* mailbox) { return std::make_unique<JobService>(&view_, &waiters_, mailbox); },
          [this](Mailbox* mailbox) { return std::make_unique<MetricsService>(metrics_.get(), mailbox); }};
}

std::string Daemon::HistoryFile() const { return absl::StrCat(options_.state_dir, "/history.db"); }

DaemonView Daemon::View() {
  return {dir_->path(),
          absl::StrCat(options_.state_dir, "/output"),
          started_at_,
          jobs_.get(),
          roots_.get(),
          readers_.get(),
          [this] { return keeper_->usable(); },
          [this] { return history_->written(); },
          [this] { Stop("asked to"); }};
}

}  // namespace reloc
