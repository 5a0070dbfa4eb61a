// relocd's end of the keeper: requests with deadlines, answers as they come. Never waits, but for the
// keeper's first words at start. A keeper that died is replaced; if the next ones die too, after a pause that
// grows to a minute.
#pragma once

#include <stdint.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/timer.h"
#include "daemon/keeper/keeper.h"
#include "daemon/keeper/protocol.h"
#include "daemon/roots/root_maker.h"

namespace reloc {

class KeeperLink : public RootMaker {
 public:
  using Start = std::function<absl::StatusOr<KeeperProcess>()>;

  // Waits for the keeper's first reply. A keeper that can make no roots is no error: see usable(). `start`
  // starts the next one, should it die.
  static absl::StatusOr<std::unique_ptr<KeeperLink>> Create(EventLoop* loop, KeeperProcess keeper,
                                                            Start start);
  ~KeeperLink() override;

  // Why no roots can be made: user namespaces do not work here, or the keeper died and the next one is not
  // ready.
  const absl::Status& usable() const { return usable_; }
  // 0: there is none.
  pid_t pid() const { return keeper_.pid; }
  // The user namespace that all roots share. `fd` is -1 where they have none.
  const MadeRoot& user_namespace() const { return user_namespace_; }

  void Make(int store, const std::string& prefix, OnMade on_made) override;
  void Release(std::span<const int32_t> fds) override;

  // A descriptor of our own for a namespace that the keeper holds. NotFound if it is gone.
  absl::StatusOr<UniqueFd> OpenNamespace(const MadeRoot& ns) const;

  // Called when the keeper died, and when the next one is ready: all roots are gone.
  void OnChange(std::function<void()> on_change) { on_change_ = std::move(on_change); }
  // Called with the number of a root's descriptor when the server of the image that it shows has ended.
  void OnServerEnd(std::function<void(int32_t fd)> on_server_end) {
    on_server_end_ = std::move(on_server_end);
  }

 private:
  struct Pending {
    OnMade on_made;
    absl::Duration deadline;  // MonotonicNow()
  };

  KeeperLink(EventLoop* loop, Start start) : loop_(loop), start_(std::move(start)) {}
  absl::Status Adopt(KeeperProcess keeper);
  absl::Status AwaitFirstReply();
  absl::Status Watch();
  void OnEvents(uint32_t events);
  bool ReadReply();
  void TakeReply(const KeeperReply& reply);
  void Finish(uint64_t build, absl::StatusOr<MadeRoot> made);
  void GiveUpOverdue();
  void ArmDeadline();
  void SendReleases();
  void Lose(absl::Status why);
  void OnExit();
  void Replace();
  void ReplaceLater();

  EventLoop* loop_;
  Start start_;
  KeeperProcess keeper_;
  absl::Status usable_;
  MadeRoot user_namespace_;
  std::map<uint64_t, Pending> pending_;  // ids grow, and with them deadlines
  uint64_t next_build_ = kUserNamespaceBuild + 1;
  std::unique_ptr<Timer> deadline_;
  std::vector<int32_t> releases_;  // not sent yet
  bool wants_write_ = false;
  std::function<void()> on_change_ = [] {};
  std::function<void(int32_t)> on_server_end_ = [](int32_t) {};
  std::unique_ptr<Timer> replace_;
  absl::Duration started_;  // MonotonicNow()
  absl::Duration pause_;    // before the next one
  std::string complaint_;   // the last that was logged
};

}  // namespace reloc
