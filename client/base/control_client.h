// The client's end of control.sock.
#pragma once

#include <grpcpp/channel.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "proto/control.grpc.pb.h"

namespace reloc {

enum class CallKind {
  kRepeatable,  // ends within two seconds; is repeated if the daemon runs, but gets too little CPU time
  kOnce,        // ends within two seconds
  kLasting,     // has no deadline, once the daemon has answered another call
};

class ControlClient {
 public:
  // Connects to the user's daemon, after its directory and its uid were checked. NotFound with a text for the
  // user if none runs; PermissionDenied if the directory or the daemon is another user's. Warns on stderr,
  // once, if another user has taken the usual place.
  static absl::StatusOr<std::unique_ptr<ControlClient>> Connect();
  // Does the same without the warning, for callers that can do without a daemon.
  static absl::StatusOr<std::unique_ptr<ControlClient>> ConnectQuietly();
  // Does the same for the daemon in `dir`.
  static absl::StatusOr<std::unique_ptr<ControlClient>> Connect(const std::string& dir);

  // All calls end within two seconds, or ten if the daemon is only slow; then with DeadlineExceeded.
  absl::StatusOr<std::vector<relocd::v1::Job>> ListJobs(bool include_ended);
  absl::StatusOr<std::vector<relocd::v1::Root>> ListRoots();
  absl::StatusOr<relocd::v1::DaemonStatus> GetStatus() const;
  absl::Status Stop();

  // Returns the channel, for the clients of other services: one connection serves them all.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // Makes one call, which `call` does with the given context, and translates its outcome.
  absl::Status Call(absl::FunctionRef<grpc::Status(grpc::ClientContext*)> call,
                    CallKind kind = CallKind::kRepeatable) const;

  // Returns the pid of the daemon, as the kernel knows it.
  pid_t pid() const { return pid_; }

 private:
  ControlClient(pid_t pid, std::shared_ptr<grpc::Channel> channel)
      : pid_(pid), channel_(std::move(channel)), stub_(relocd::v1::Control::NewStub(channel_)) {}
  absl::Status CallOnce(absl::FunctionRef<grpc::Status(grpc::ClientContext*)> call, bool deadline) const;
  absl::Status ToStatus(const grpc::Status& status) const;

  pid_t pid_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<relocd::v1::Control::Stub> stub_;
};

// Returns true if `status` says that the user may not use the daemon's directory, and relocd's lasting files
// are in the state directory instead: these can still be read. Checks that in a child process.
bool HasOwnState(const absl::Status& status);

// Returns the daemon's directory for this user and environment, as relocd chooses it too.
absl::StatusOr<std::string> ChosenDaemonDir();

}  // namespace reloc
