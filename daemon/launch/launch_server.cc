#include "daemon/launch/launch_server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/proc/job_mark.h"
#include "daemon/proc/pidfd.h"
#include "reloc/base/fnv.h"
#include "reloc/base/path.h"
#include "reloc/engine/userns.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/pack_image.h"

namespace reloc {
namespace {

constexpr size_t kMaxClients = 512;
constexpr absl::Duration kMaxSilence = absl::Seconds(1);
constexpr int kMessagesAtOnce = 8;  // then others have their turn

bool IsImage(const LaunchMessage& message) { return message.prefix.empty(); }

struct timespec ToTimespec(const struct statx_timestamp& time) {
  return {.tv_sec = time.tv_sec, .tv_nsec = static_cast<long>(time.tv_nsec)};
}

// Whether `store` is the directory, or image, that the message speaks of. Without asking a file server, which
// may hang: the identity of an open file is known without it.
absl::Status CheckStore(int store, const LaunchMessage& message) {
  struct statx stx;
  if (::statx(store, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &stx) != 0) {
    return absl::ErrnoToStatus(errno, "cannot look at the store");
  }
  FileId id{::makedev(stx.stx_dev_major, stx.stx_dev_minor), stx.stx_ino};
  if ((stx.stx_mode & S_IFMT) != (IsImage(message) ? S_IFREG : S_IFDIR) || !(id == message.store)) {
    return absl::InvalidArgumentError("the store is not the directory, or image, that it is said to be");
  }
  if (IsImage(message) &&
      ImageVersion(stx.stx_size, ToTimespec(stx.stx_mtime), ToTimespec(stx.stx_ctime)) != message.digest) {
    return absl::InvalidArgumentError("the image is being changed");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<LaunchServer>> LaunchServer::Create(Parts parts) {
  auto server = absl::WrapUnique(new LaunchServer(std::move(parts)));
  LaunchServer* self = server.get();
  RELOC_ASSIGN_OR_RETURN(server->silence_, Timer::Create(self->parts_.loop, [self] { self->CloseSilent(); }));
  return server;
}

LaunchServer::~LaunchServer() {
  for (auto& [id, client] : clients_) parts_.loop->Forget(client.peer.socket.get());
}

void LaunchServer::Add(Peer peer) {
  MakeRoom();
  ClientId id = next_id_++;
  int socket = peer.socket.get();
  Client& client = clients_[id];
  client.peer = std::move(peer);
  client.accepted = BootTimeNow();
  client.place = by_age_.insert(by_age_.end(), id);
  Heard(id, &client);
  // Most have sent their message before they are accepted, and are gone when it is read.
  Read(id);
  if (Find(id) == nullptr) return;
  absl::Status watched = parts_.loop->Watch(socket, EPOLLIN, [this, id](uint32_t) { Read(id); });
  if (!watched.ok()) Close(id);
}

LaunchServer::Client* LaunchServer::Find(ClientId id) {
  auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : &found->second;
}

void LaunchServer::Close(ClientId id) {
  auto node = clients_.extract(id);
  if (node.empty()) return;
  parts_.jobs->Release(node.mapped().reserved);
  parts_.loop->Close(std::move(node.mapped().peer.socket));
  by_age_.erase(node.mapped().place);
  if (clients_.empty()) parts_.on_idle();
}

// Moves the client to the young end.
void LaunchServer::Heard(ClientId id, Client* client) {
  client->heard = MonotonicNow();
  by_age_.erase(client->place);
  client->place = by_age_.insert(by_age_.end(), id);
  if (!silence_->armed()) silence_->Arm(kMaxSilence);
}

void LaunchServer::MakeRoom() {
  if (clients_.size() < kMaxClients) return;
  // One that waits for us is not to blame; if all do, the longest waiting one makes its root itself.
  auto idle = std::find_if(by_age_.begin(), by_age_.end(),
                           [this](ClientId id) { return !Find(id)->waiting && Find(id)->reserved.empty(); });
  Close(idle == by_age_.end() ? by_age_.front() : *idle);
}

void LaunchServer::CloseSilent() {
  absl::Duration now = MonotonicNow();
  while (!by_age_.empty()) {
    ClientId id = by_age_.front();
    Client* client = Find(id);
    if (client->heard + kMaxSilence > now) break;
    // The keeper's deadline ends the waiting; a reservation lasts as long as its owner does.
    client->waiting || !client->reserved.empty() ? Heard(id, client) : Close(id);
  }
  if (!by_age_.empty()) silence_->Arm(Find(by_age_.front())->heard + kMaxSilence - now);
}

void LaunchServer::Read(ClientId id) {
  for (int i = 0; i < kMessagesAtOnce && ReadMessage(id); ++i) {
  }
}

// False when there is nothing more to read, or the client was closed.
bool LaunchServer::ReadMessage(ClientId id) {
  Client* client = Find(id);
  Packet packet;
  Errno e = fault::Fails(fault::Point::kLaunchReceive)
                ? Errno::Last()
                : ReceivePacket(client->peer.socket.get(), {received_.get(), kMaxMessageBytes}, &packet);
  if (e.value == EAGAIN) return false;
  bool usable = e.ok() && packet.size > 0 && !packet.truncated;
  if (!usable || !Handle(id, {received_.get(), packet.size}, &packet)) {
    Close(id);
    return false;
  }
  return true;
}

// False: close the connection.
bool LaunchServer::Handle(ClientId id, std::span<const char> bytes, Packet* packet) {
  // First: a process that is said to have ended may be among those that are said to have started.
  parts_.hear_starts();
  Client* client = Find(id);
  Heard(id, client);
  MessageType type;
  WireError error = CheckHeader(bytes, &type);
  if (error == WireError::kVersion) return HandleOtherVersion(client, type);
  if (error != WireError::kNone) return false;
  client->version = ChosenVersion(bytes);
  if (ReserveMessage reserve; type == MessageType::kReserve) {
    return packet->fds.empty() && Decode(bytes, &reserve) && HandleReserve(client, reserve);
  }
  if (JobMessage job;
      type == MessageType::kBind || type == MessageType::kEnded || type == MessageType::kAbandoned) {
    return packet->fds.empty() && Decode(bytes, &job) && HandleJob(client, job);
  }
  LaunchMessage message;
  if (!Decode(bytes, &message)) return false;
  if (message.type == MessageType::kStarted && packet->fds.empty()) {
    HandleStarted(message, client->peer.pid, OpenPeer(*client));
    // The connection has served: closed now it does not wake us again when the client becomes the program.
    return false;
  }
  if (message.type == MessageType::kWanted && packet->fds.empty()) return HandleWanted(message);
  if (message.type != MessageType::kLaunch || packet->fds.size() != 1 || client->waiting) return false;
  return HandleLaunch(id, message, std::move(packet->fds[0]));
}

// Nothing is answered: the launch does without.
bool LaunchServer::HandleWanted(const LaunchMessage& message) {
  message.reason == Reason::kMirror ? parts_.mirrors->Unusable(message) : parts_.mirrors->Wanted(message);
  return false;
}

// All that can be read is the header. A launch may ask before, but tells of itself once.
bool LaunchServer::HandleOtherVersion(Client* client, MessageType type) {
  if (type == MessageType::kStarted) parts_.on_other_version();
  return Refuse(client, Reason::kVersion, absl::StrCat("relocd speaks version ", kWireVersion));
}

bool LaunchServer::HandleLaunch(ClientId id, const LaunchMessage& message, UniqueFd store) {
  Client* client = Find(id);
  client->asked = client->heard;
  if (!SamePlace(message.caller)) {
    return Refuse(client, Reason::kContext, "other namespaces, or another root directory, than the daemon's");
  }
  if (absl::Status bad = CheckLaunch(message, store.get()); !bad.ok()) {
    return Refuse(client, Reason::kRefused, bad.message());
  }
  RootRequest request{{message.store, message.digest, Fnv1a64(message.prefix)},
                      std::string(message.prefix),
                      std::string(message.pack)};
  // It takes longer to mount an image than a client waits for an answer.
  if (IsImage(message) && parts_.roots->Find(request.key) == nullptr && !SendMaking(client)) return false;
  client->waiting = true;
  parts_.roots->Get(request, std::move(store),
                    [this, id, program = std::string(message.program)](absl::StatusOr<RootLease> root) {
                      SendRoot(id, program, std::move(root));
                    });
  return Find(id) != nullptr;
}

absl::Status LaunchServer::CheckLaunch(const LaunchMessage& message, int store) const {
  if (message.engine != Engine::kUserns) return absl::UnimplementedError("only userns has roots to share");
  RELOC_RETURN_IF_ERROR(parts_.keeper->usable());
  if ((!IsImage(message) && !IsCleanAbsolute(message.prefix)) || !IsCleanAbsolute(message.program)) {
    return absl::InvalidArgumentError("a path is not absolute and clean");
  }
  return CheckStore(store, message);
}

// A root shows what its maker saw, so the caller must stand where we stand. An entry of "/" that came or went
// makes the roots, and what we knew of "/", out of date.
bool LaunchServer::SamePlace(const CallerContext& caller) {
  if (caller == parts_.roots->place()) return true;
  parts_.refresh_place();
  return caller == parts_.roots->place();
}

void LaunchServer::SendRoot(ClientId id, const std::string& program, absl::StatusOr<RootLease> root) {
  Client* client = Find(id);
  if (client == nullptr) return;  // it stopped waiting
  client->waiting = false;
  absl::Status sent = root.ok() ? SendPlan(client, program, **root) : root.status();
  if (!sent.ok() && !Refuse(client, Reason::kRefused, sent.message())) Close(id);
}

absl::Status LaunchServer::SendPlan(Client* client, const std::string& program, const Root& root) {
  std::string plan = CompileUsernsJoin(program, root.key.digest);
  if (plan.empty()) return absl::InvalidArgumentError("the program's path is too long");
  RELOC_ASSIGN_OR_RETURN(UniqueFd mount_ns, parts_.keeper->OpenNamespace(root.made));
  UniqueFd user_ns;
  if (parts_.keeper->user_namespace().fd >= 0) {
    RELOC_ASSIGN_OR_RETURN(user_ns, parts_.keeper->OpenNamespace(parts_.keeper->user_namespace()));
  }
  std::vector<int> fds;
  if (user_ns.valid()) fds.push_back(user_ns.get());
  fds.push_back(mount_ns.get());
  Errno e = Send(client, {Reason::kNone, {}, plan}, fds);
  return e.ok() ? absl::OkStatus() : absl::ErrnoToStatus(e.value, "cannot send the root");
}

// False: it cannot be told.
bool LaunchServer::SendMaking(Client* client) {
  return SendPacket(client->peer.socket.get(), EncodeMaking({sent_.get(), kMaxMessageBytes})).ok();
}

Errno LaunchServer::Send(Client* client, const ReplyMessage& reply, std::span<const int> fds) {
  Errno e = fault::Fails(fault::Point::kLaunchSend)
                ? Errno::Last()
                : SendBytes(*client, Encode(reply, {sent_.get(), kMaxMessageBytes}), fds);
  // Zero: it was not understood.
  if (client->asked > absl::ZeroDuration()) parts_.on_answer(MonotonicNow() - client->asked);
  return e;
}

// `encoded` lies in sent_.
Errno LaunchServer::SendBytes(const Client& client, string_view encoded, std::span<const int> fds) {
  if (client.version != 0 && !encoded.empty()) NameVersion({sent_.get(), encoded.size()}, client.version);
  return SendPacket(client.peer.socket.get(), encoded, fds);
}

// False: it cannot even be told.
bool LaunchServer::Refuse(Client* client, Reason reason, absl::string_view text) {
  if (LogsDebug())
    LogDebug(absl::StrCat("refused pid ", client->peer.pid, ": ", ReasonName(reason), ": ", text));
  return Send(client, {reason, {text.data(), text.size()}, {}}, {}).ok();
}

absl::StatusOr<UniqueFd> LaunchServer::OpenPeer(const Client& client) const {
  return OpenPeerPidfd(client.peer.socket.get(), client.peer.pid, client.accepted);
}

bool LaunchServer::HandleReserve(Client* client, const ReserveMessage& message) {
  if (!client->reserved.empty()) return false;
  absl::StatusOr<std::string> id = parts_.jobs->Reserve(std::string(message.name));
  const std::string why(id.status().message());
  ReservedMessage reply;
  reply.reason = Reason::kRefused;
  reply.text = why;
  if (id.ok()) {
    client->reserved = *std::move(id);
    reply = {Reason::kNone, {}, client->reserved, parts_.output_dir, parts_.output_limit};
  }
  return SendBytes(*client, Encode(reply, {sent_.get(), kMaxMessageBytes}), {}).ok();
}

bool LaunchServer::HandleJob(Client* client, const JobMessage& message) {
  std::string id(message.id);
  if (message.type != MessageType::kBind) {
    message.type == MessageType::kEnded ? parts_.jobs->Ended(id, message.wait_status)
                                        : parts_.jobs->Abandoned(id, message.wait_status);
    return Answer(client, absl::OkStatus());
  }
  absl::StatusOr<UniqueFd> pidfd = OpenPeer(*client);
  return Answer(client, pidfd.ok()
                            ? parts_.jobs->Bind(id, *std::move(pidfd), client->peer.pid, client->peer.uid)
                            : pidfd.status());
}

// False: it cannot be told.
bool LaunchServer::Answer(Client* client, const absl::Status& done) {
  return done.ok() ? Send(client, {}, {}).ok() : Refuse(client, Reason::kRefused, done.message());
}

void LaunchServer::Started(std::span<const char> bytes, pid_t pid, absl::StatusOr<UniqueFd> pidfd) {
  MessageType type;
  const WireError error = CheckHeader(bytes, &type);
  if (error == WireError::kVersion && type == MessageType::kStarted) parts_.on_other_version();
  LaunchMessage message;
  const bool usable = error == WireError::kNone && Decode(bytes, &message);
  if (usable && message.type == MessageType::kStarted) HandleStarted(message, pid, std::move(pidfd));
}

// The process is about to become the program. Nothing is answered, also when it cannot be watched: it runs
// anyway.
void LaunchServer::HandleStarted(const LaunchMessage& message, pid_t pid, absl::StatusOr<UniqueFd> pidfd) {
  absl::Status started = pidfd.ok() ? Watch(message, pid, *std::move(pidfd)) : pidfd.status();
  if (!started.ok() && LogsDebug()) LogDebug(absl::StrCat("pid ", pid, ": ", started.message()));
}

absl::Status LaunchServer::Watch(const LaunchMessage& message, pid_t pid, UniqueFd pidfd) {
  RootLease root;
  if (message.engine == Engine::kUserns) {
    // A launch that joined nothing, since it is inside a root, tells of no namespaces.
    const uint64_t mount = message.mark.mount != 0 ? message.mark.mount : MountNamespaceOf(pidfd.get(), pid);
    root = parts_.roots->FindEntered({message.store, message.digest, Fnv1a64(message.prefix)}, mount);
  }
  const std::string mirror =
      root != nullptr ? root->mirror : parts_.mirrors->table().ServedTo(message.digest, message.engine);
  parts_.mirrors->Launched(message, mirror);
  // Of our own uid: others cannot send.
  return parts_.jobs->Started(std::move(pidfd), pid, ::geteuid(), message, std::move(root), mirror);
}

}  // namespace reloc
