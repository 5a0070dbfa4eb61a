#include "client/base/control_client.h"

#include <errno.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"
#include "reloc/cli/output.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/room.h"
#include "reloc/hosted/status.h"
#include "reloc/ipc/unix_address.h"
#include "reloc/job/daemon_errors.h"
#include "reloc/job/daemon_place.h"
#include "reloc/storage/state_dir.h"

namespace reloc {
namespace {

constexpr auto kDeadline = std::chrono::seconds(2);
constexpr int kMostCalls = 5;
// The most that gRPC needs.
constexpr size_t kThreads = 12;
constexpr size_t kDescriptors = 8;
constexpr absl::Duration kStateTimeout = absl::Milliseconds(700);

absl::Status CannotConnect(int error, const std::string& path) {
  const bool missing = error == ENOENT || error == ECONNREFUSED;
  if (missing && ::access("/proc/self/fd", F_OK) != 0)
    return absl::UnavailableError("the daemon cannot be reached: /proc is not mounted here");
  if (missing) return NoDaemonError();
  if (error == EAGAIN) {
    return absl::UnavailableError(
        absl::StrCat("cannot connect to ", path, "/", kControlSocket, ": the daemon does not answer"));
  }
  return absl::ErrnoToStatus(error, absl::StrCat("cannot connect to ", path, "/", kControlSocket));
}

// Connects through the checked directory, so that replacing its name later has no effect. Does not block: if
// the queue is full, the daemon does not answer.
absl::StatusOr<UniqueFd> ConnectSocket(const std::string& path) {
  DirReport report;
  Result<DaemonDirectory> dir = OpenDaemonDir(path.c_str(), &report);
  if (!dir.ok())
    return dir.error().value == EPERM ? ForeignDaemonError(DescribeFault(path, report)) : NoDaemonError();
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const UnixAddress address(dir->get(), kControlSocket);
  bool connected = !fault::Fails(fault::Point::kControlConnect) &&
                   ::connect(socket.get(), address.get(), address.size()) == 0;
  if (connected) return socket;
  return CannotConnect(errno, path);
}

// Returns whether the error is the daemon's answer to the request, and not about the daemon.
bool IsAnswer(grpc::StatusCode code) {
  using enum grpc::StatusCode;
  return code == NOT_FOUND || code == FAILED_PRECONDITION || code == PERMISSION_DENIED || code == DATA_LOSS ||
         code == INVALID_ARGUMENT;
}

template <typename Message, typename Reader>
grpc::Status ReadAllMessages(Reader reader, std::vector<Message>* messages) {
  messages->clear();  // from an earlier attempt
  Message message;
  while (reader->Read(&message)) messages->push_back(std::move(message));
  return reader->Finish();
}

}  // namespace

absl::StatusOr<std::string> ChosenDaemonDir() {
  RELOC_ASSIGN_OR_RETURN(DaemonPlace place, FindDaemonPlace(environ));
  return std::move(place.dir);
}

bool HasOwnState(const absl::Status& status) {
  if (!absl::IsPermissionDenied(status)) return false;
  absl::StatusOr<std::string> state = TryInChild(kStateTimeout, [] { return StateDir(""); });
  // If it does not answer, the code that reads it reports that.
  return absl::IsDeadlineExceeded(state.status()) || !state.value_or("").empty();
}

absl::StatusOr<std::unique_ptr<ControlClient>> ControlClient::Connect() {
  RELOC_ASSIGN_OR_RETURN(DaemonPlace place, FindDaemonPlace(environ));
  static bool warned = false;
  if (!place.taken.empty() && !std::exchange(warned, true))
    PrintError("relocctl: warning", TakenWarning(place));
  return Connect(place.dir);
}

absl::StatusOr<std::unique_ptr<ControlClient>> ControlClient::ConnectQuietly() {
  RELOC_ASSIGN_OR_RETURN(std::string dir, ChosenDaemonDir());
  return Connect(dir);
}

absl::StatusOr<std::unique_ptr<ControlClient>> ControlClient::Connect(const std::string& dir) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd socket, ConnectSocket(dir));
  Result<struct ucred> peer = PeerOf(socket.get());
  if (!peer.ok()) return absl::ErrnoToStatus(peer.error().value, "cannot tell whose daemon this is");
  if (peer->uid != ::geteuid() && peer->uid != 0)
    return ForeignDaemonError(absl::StrCat("the daemon in ", dir, " belongs to uid ", peer->uid));
  if (absl::Status room = CheckRoom(kThreads, kDescriptors); !room.ok())
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot ask the daemon (pid ", peer->pid, "): ", room.message()));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  auto channel = grpc::CreateCustomInsecureChannelFromFd("relocd", socket.Release(), arguments);
  return absl::WrapUnique(new ControlClient(peer->pid, std::move(channel)));
}

absl::Status ControlClient::Call(absl::FunctionRef<grpc::Status(grpc::ClientContext*)> call,
                                 CallKind kind) const {
  if (kind == CallKind::kLasting) {
    RELOC_RETURN_IF_ERROR(GetStatus().status());
    return CallOnce(call, /*deadline=*/false);
  }
  ActivityWatch activity(pid_);
  absl::Status status = CallOnce(call, true);
  for (int i = 1; i < kMostCalls && kind == CallKind::kRepeatable && absl::IsDeadlineExceeded(status); ++i) {
    if (!activity.HasRun()) break;
    status = CallOnce(call, true);
  }
  return status;
}

absl::Status ControlClient::CallOnce(absl::FunctionRef<grpc::Status(grpc::ClientContext*)> call,
                                     bool deadline) const {
  grpc::ClientContext context;
  if (deadline) context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  return ToStatus(call(&context));
}

absl::StatusOr<std::vector<relocd::v1::Job>> ControlClient::ListJobs(bool include_ended) {
  relocd::v1::ListJobsRequest request;
  request.set_include_ended(include_ended);
  std::vector<relocd::v1::JobBatch> batches;
  RELOC_RETURN_IF_ERROR(
      Call([&](auto* context) { return ReadAllMessages(stub_->ListJobs(context, request), &batches); }));
  std::vector<relocd::v1::Job> jobs;
  for (relocd::v1::JobBatch& batch : batches) {
    for (relocd::v1::Job& job : *batch.mutable_jobs()) jobs.push_back(std::move(job));
  }
  return jobs;
}

absl::StatusOr<std::vector<relocd::v1::Root>> ControlClient::ListRoots() {
  std::vector<relocd::v1::Root> roots;
  RELOC_RETURN_IF_ERROR(
      Call([&](auto* context) { return ReadAllMessages(stub_->ListRoots(context, {}), &roots); }));
  return roots;
}

absl::StatusOr<relocd::v1::DaemonStatus> ControlClient::GetStatus() const {
  relocd::v1::DaemonStatus status;
  RELOC_RETURN_IF_ERROR(Call([&](auto* context) { return stub_->GetStatus(context, {}, &status); }));
  return status;
}

absl::Status ControlClient::Stop() {
  relocd::v1::StopResponse response;
  return Call([&](auto* context) { return stub_->Stop(context, {}, &response); });
}

absl::Status ControlClient::ToStatus(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return SilentDaemonError(pid_);
  }
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return absl::UnavailableError(absl::StrCat(
        "the daemon (pid ", pid_,
        ") is of another version and cannot do that; relocctl daemon restart puts this one in its place"));
  }
  if (IsAnswer(status.error_code())) {
    // The numbers are the same on purpose.
    return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
  }
  return absl::UnavailableError(absl::StrCat("the daemon (pid ", pid_, "): ", status.error_message()));
}

}  // namespace reloc
