#include "reloc/launch/daemon_session.h"

#include <errno.h>

#include <utility>

#include "reloc/base/env.h"
#include "reloc/base/fnv.h"
#include "reloc/launch/caller.h"
#include "reloc/launch/daemon_dir.h"

namespace reloc {
namespace {

// Large, and a process has only one launch: not on a stack that the caller's limits may keep small.
char g_message[kMaxMessageBytes];
char g_reply[kMaxMessageBytes];  // holds the texts of the reply's plan until exec
char g_argv[kMaxArgvBytes];
Plan g_first_plan;

string_view ExecutedBy(const Plan& plan) {
  const Step* exec = FindStep(plan.enter(), Op::kExec);
  return exec == nullptr ? string_view() : exec->a;
}

}  // namespace

DaemonSession::DaemonSession(const LaunchRequest& request, const LaunchLog& log)
    : request_(request), log_(log) {
  message_.pack = request.pack_dir;
  message_.entry = request.entry;
  if (request.image == nullptr) return;
  message_.engine = Engine::kUserns;
  message_.pack = request.image->path.view();
  message_.program = message_.pack;
  message_.store = request.image->key.store;
  message_.digest = request.image->key.digest;
}

void DaemonSession::Open() {
  if (EnvValue(request_.envp, "RELOC_DAEMON") == "off") return;
  PathText path;
  path << request_.daemon_dir;
  const bool known = path.empty() ? DaemonDir(request_.envp, &path).ok() : !path.overflowed();
  if (known && OpenDirectory(path.c_str())) return;
  Reason first = message_.reason;
  if (!OpenDirectory(kSiteDaemonDir)) message_.reason = first;
}

bool DaemonSession::OpenDirectory(const char* path) {
  is_site_ = string_view(path) == kSiteDaemonDir;
  Result<DaemonDirectory> directory = OpenDaemonDir(path);
  message_.reason = directory.ok()                     ? Reason::kNone
                    : directory.error().value == EPERM ? Reason::kForeignDaemon
                                                       : Reason::kNoDaemon;
  if (directory.ok()) directory_ = std::move(*directory);
  return directory.ok();
}

void DaemonSession::SetPlan(const Plan& plan) {
  message_.engine = plan.engine();
  if (request_.image == nullptr) {
    message_.digest = plan.digest();
    const Step* bind = FindStep(plan.prepare(), Op::kBindStore);
    message_.prefix = bind != nullptr ? bind->b : string_view();
  }
  // Kept when plans of other engines follow.
  if (plan.engine() == Engine::kUserns) message_.program = ExecutedBy(plan);
}

void DaemonSession::SetStore(const FileId& store) {
  if (request_.image == nullptr) message_.store = store;
}

void DaemonSession::ReadCaller() {
  if (!directory_.fd.valid()) return;
  Result<CallerContext> caller = ReadCallerRoot();
  if (caller.ok()) message_.caller = *caller;
}

void DaemonSession::ReadMark(uint64_t mount_ns) {
  if (directory_.fd.valid()) message_.mark = ReadOwnNamespaces(mount_ns);
}

void DaemonSession::NoteReason(Reason reason) {
  if (message_.reason == Reason::kNone) message_.reason = reason;
}

Result<RootNamespaces> DaemonSession::FindRoot() const {
  if (!directory_.fd.valid()) return Errno{ENOENT};
  RootKey key{message_.store, message_.digest, Fnv1a64(message_.prefix)};
  return FindPublishedRoot(directory_.get(), key, message_.caller);
}

// Connects just before something is sent: if the daemon woke up for a connection and again for its message,
// the caller would pay for two wake-ups.
bool DaemonSession::Connect() {
  if (link_.connected()) return true;
  if (!directory_.fd.valid()) return false;
  Reason r = link_.Connect(directory_);
  if (r == Reason::kNoDaemon && !is_site_ && OpenDirectory(kSiteDaemonDir)) r = link_.Connect(directory_);
  if (r != Reason::kNone) NoteReason(r);
  return r == Reason::kNone;
}

bool DaemonSession::AskForRoot(int store, Plan* plan, RootNamespaces* root) {
  if (!Connect()) return false;
  ReplyMessage reply;
  Reason r = Ask(store, &reply, root);
  if (r == Reason::kNone && !IsUsable(reply, plan)) r = Reason::kProtocol;
  if (r == Reason::kNone) return true;
  NoteReason(r);
  FixedText<512> line;
  line << "daemon: " << ReasonName(r) << ' ' << Prefix(reply.text, 400) << "; making the root here";
  log_.Debug(line.view());
  // After anything except an orderly refusal the connection's state is unknown.
  if (r != Reason::kRefused && r != Reason::kContext) link_ = DaemonLink();
  return false;
}

Reason DaemonSession::Ask(int store, ReplyMessage* reply, RootNamespaces* root) {
  uint64_t deadline = MonotonicMicros() + kDaemonDeadlineMicros;
  Result<CallerContext> caller = ReadCallerContext();
  if (caller.ok()) message_.caller = *caller;
  Reason r = link_.Send(EncodeMessage(MessageType::kLaunch), store);
  return r == Reason::kNone ? link_.Receive(deadline, g_reply, reply, &root->user, &root->mount) : r;
}

// Returns whether the plan enters a root first, with the engine that was requested, and then executes the
// same program as this launch's own plan. For an image only the root is needed, and the plan is not carried
// out.
bool DaemonSession::IsUsable(const ReplyMessage& reply, Plan* plan) const {
  size_t used = 0;
  const char* why = nullptr;
  return Plan::Parse({reply.plan.data(), reply.plan.size()}, plan, &used, &why) &&
         used == reply.plan.size() && plan->prepare().empty() && plan->refusal() == nullptr &&
         plan->engine() == message_.engine && plan->enter().front().op == Op::kJoin &&
         (request_.image != nullptr || ExecutedBy(*plan) == message_.program);
}

// The receiver is checked by the directory alone: nobody else can make a socket in it.
void DaemonSession::ReportStart() {
  if (!directory_.fd.valid()) return;
  const bool sent =
      !link_.connected() && SendDatagram(directory_.get(), EncodeMessage(MessageType::kStarted));
  if (!sent) SendConnected(MessageType::kStarted);
}

void DaemonSession::ReportMirrorUnusable() {
  const Reason first = message_.reason;
  message_.reason = Reason::kMirror;
  SendConnected(MessageType::kWanted);
  message_.reason = first;
  NoteReason(Reason::kMirror);
}

void DaemonSession::SendConnected(MessageType type) {
  // The daemon may have closed a connection that was used before: then try once more, with a new one.
  for (int tries = 0; tries < 2 && Connect(); ++tries) {
    bool sent = link_.Send(EncodeMessage(type), -1) == Reason::kNone;
    // The daemon closes a connection that has reported a start, sooner or later. A launch that continues in
    // another way reports again, and that report must not be lost in this connection.
    link_ = DaemonLink();
    if (sent) return;
  }
  if (directory_.fd.valid()) log_.Debug("the daemon could not be told of this launch");
}

string_view DaemonSession::EncodeMessage(MessageType type) {
  message_.type = type;
  if (message_.program.empty()) message_.program = ProgramPath();
  message_.argv = FlattenArgv(request_.argv, g_argv);
  message_.slurm_job = EnvValue(request_.envp, "SLURM_JOB_ID");
  return Encode(message_, g_message);
}

// Returns the program as it sees itself: what the pack's first plan, that of the userns engine, executes.
// Other plans execute an ld.so or a tracer.
string_view DaemonSession::ProgramPath() const {
  size_t used = 0;
  const char* why = nullptr;
  return Plan::Parse(request_.plans, &g_first_plan, &used, &why) ? ExecutedBy(g_first_plan) : string_view();
}

}  // namespace reloc
