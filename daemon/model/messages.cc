#include "daemon/model/messages.h"

#include <sys/wait.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace reloc {
namespace {

using relocd::v1::Job_State;

Job_State ToMessage(JobState state) {
  switch (state) {
    case JobState::kRunning:
      return relocd::v1::Job::STATE_RUNNING;
    case JobState::kExited:
      return relocd::v1::Job::STATE_EXITED;
    case JobState::kKilled:
      return relocd::v1::Job::STATE_KILLED;
    case JobState::kLost:
      return relocd::v1::Job::STATE_LOST;
  }
  return relocd::v1::Job::STATE_UNSPECIFIED;
}

void SetEnding(const Job& job, relocd::v1::Job* message) {
  *message->mutable_ended_at() = ToTimestamp(job.ended_at);
  if (job.state == JobState::kExited) message->set_exit_code(WEXITSTATUS(job.wait_status));
  if (job.state == JobState::kKilled) message->set_signal(WTERMSIG(job.wait_status));
  if (job.cpu_seconds) message->set_cpu_seconds(*job.cpu_seconds);
}

void SetUsage(const Usage& usage, relocd::v1::Job* message) {
  message->set_cpu_seconds(usage.cpu_seconds);
  message->set_rss_bytes(usage.rss_bytes);
}

JobState FromMessage(Job_State state) {
  switch (state) {
    case relocd::v1::Job::STATE_RUNNING:
      return JobState::kRunning;
    case relocd::v1::Job::STATE_EXITED:
      return JobState::kExited;
    case relocd::v1::Job::STATE_KILLED:
      return JobState::kKilled;
    default:
      return JobState::kLost;
  }
}

void TakeEnding(const relocd::v1::Job& message, Job* job) {
  job->ended_at = ToTime(message.ended_at());
  if (message.has_exit_code()) job->wait_status = W_EXITCODE(message.exit_code(), 0);
  if (message.has_signal()) job->wait_status = W_EXITCODE(0, message.signal());
  if (message.has_cpu_seconds()) job->cpu_seconds = message.cpu_seconds();
}

// The first value if none has that name.
template <typename Value>
Value FindByName(const std::string& name, size_t count, const char* (*name_of)(Value)) {
  for (size_t i = 0; i < count; ++i) {
    if (name == name_of(static_cast<Value>(i))) return static_cast<Value>(i);
  }
  return Value();
}

std::string ToText(const PackDigest& digest) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void AddArguments(absl::string_view argv, relocd::v1::Job* message) {
  if (argv.empty()) return;
  argv.remove_suffix(1);  // the last one's NUL
  for (absl::string_view argument : absl::StrSplit(argv, '\0')) message->add_argv(std::string(argument));
}

}  // namespace

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp message;
  int64_t nanos = absl::ToUnixNanos(time);
  message.set_seconds(nanos / 1000000000);
  message.set_nanos(static_cast<int32_t>(nanos % 1000000000));
  return message;
}

absl::Time ToTime(const google::protobuf::Timestamp& message) {
  return absl::FromUnixSeconds(message.seconds()) + absl::Nanoseconds(message.nanos());
}

Usage UsageOf(const relocd::v1::SurveyAnswer::Subject& processes) {
  return {processes.processes(), processes.cpu_seconds(), processes.rss_bytes(), processes.has_processes()};
}

relocd::v1::Job ToMessage(const Job& job, const Usage& usage) {
  relocd::v1::Job message = ToMessage(job);
  if (!usage.known) return message;
  if (job.state == JobState::kRunning) SetUsage(usage, &message);
  message.set_processes(usage.processes);
  return message;
}

relocd::v1::Job ToMessage(const Job& job) {
  relocd::v1::Job message;
  message.set_id(job.id);
  message.set_name(job.name);
  message.set_pid(job.pid);
  message.set_uid(job.uid);
  message.set_pack(job.pack);
  message.set_program(job.program);
  AddArguments(job.argv, &message);
  message.set_engine(EngineName(job.engine));
  message.set_placement(PlacementName(job.placement));
  if (job.reason != Reason::kNone) message.set_fallback_reason(ReasonName(job.reason));
  message.set_slurm_job(job.slurm_job);
  message.set_mirror(job.mirror);
  *message.mutable_started_at() = ToTimestamp(job.started_at);
  message.set_state(ToMessage(job.state));
  if (job.state != JobState::kRunning) SetEnding(job, &message);
  return message;
}

Job FromMessage(const relocd::v1::Job& message) {
  Job job;
  job.id = message.id();
  job.name = message.name();
  job.pid = message.pid();
  job.uid = message.uid();
  job.pack = message.pack();
  job.program = message.program();
  for (const std::string& argument : message.argv()) job.argv.append(argument).push_back('\0');
  job.engine = EngineByName(message.engine());
  job.placement = FindByName<Placement>(message.placement(), kPlacementCount, PlacementName);
  job.reason = FindByName<Reason>(message.fallback_reason(), kReasonCount, ReasonName);
  job.slurm_job = message.slurm_job();
  job.mirror = message.mirror();
  job.started_at = ToTime(message.started_at());
  job.state = FromMessage(message.state());
  if (job.state != JobState::kRunning) TakeEnding(message, &job);
  return job;
}

relocd::v1::Root ToMessage(const Root& root, size_t jobs) {
  relocd::v1::Root message;
  message.set_pack(root.pack);
  message.set_store_prefix(root.prefix);
  message.set_digest(ToText(root.key.digest));
  message.set_mount_namespace(root.made.inode);
  message.set_jobs(static_cast<uint32_t>(jobs));
  *message.mutable_created_at() = ToTimestamp(root.created_at);
  *message.mutable_used_at() = ToTimestamp(root.used_at);
  message.set_mirror(root.mirror);
  return message;
}

relocd::v1::Mirror ToMessage(const Mirror& mirror, uint64_t own_bytes, const std::string& link) {
  relocd::v1::Mirror message;
  message.set_name(MirrorName(mirror.id));
  message.set_digest(ToText(mirror.id.digest));
  message.set_kind(std::string(MirrorKindName(mirror.id.kind)));
  message.set_pack(mirror.pack);
  message.set_path(mirror.path);
  message.set_bytes(own_bytes);
  message.set_link(link);
  message.set_store_prefix(mirror.store_prefix);
  message.set_state(mirror.damaged ? relocd::v1::Mirror::STATE_DAMAGED : relocd::v1::Mirror::STATE_READY);
  *message.mutable_used_at() = ToTimestamp(mirror.used_at);
  return message;
}

relocd::v1::Event ToMessage(const Event& event) {
  relocd::v1::Event message;
  *message.mutable_time() = ToTimestamp(event.time);
  message.set_type(EventName(event.type));
  if (event.job != nullptr) *message.mutable_job() = ToMessage(*event.job);
  message.set_pack(event.pack);
  message.set_mirror(event.mirror);
  if (event.root != nullptr) {
    message.set_root(event.root->made.inode);
    message.set_pack(event.root->pack);
    message.set_mirror(event.root->mirror);
  }
  if (event.job != nullptr) message.set_pack(event.job->pack);
  message.set_text(event.text);
  message.set_reason(event.reason);
  return message;
}

}  // namespace reloc
