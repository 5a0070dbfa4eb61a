#include "client/watch/listed_job.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "reloc/hosted/status.h"
#include "reloc/job/job_files.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/plan.h"

namespace reloc {
namespace {

using relocd::v1::Job;

constexpr uint32_t kMagic = 0x4a4c5201;  // the last byte is the version
constexpr uint32_t kHasExitCode = 1, kHasSignal = 2, kHasCpu = 4, kHasRss = 8, kHasEnd = 16,
                   kHasProcesses = 32;
constexpr int64_t kNanos = 1000000000;
constexpr uint32_t kMaxProcesses = 1u << 22;  // PID_MAX_LIMIT
constexpr double kMaxCpuSeconds = 1e12;
constexpr uint64_t kMaxRssBytes = uint64_t{1} << 53;  // JSON numbers are exact up to here

template <size_t N>
void PutText(absl::string_view text, char (&field)[N]) {
  const size_t size = std::min(text.size(), N - 1);
  memcpy(field, text.data(), size);
  if (text.size() >= N) memcpy(field + N - 4, "...", 3);
}

void PutArguments(const Job& job, ListedJob* record) {
  for (const std::string& argument : job.argv()) {
    const size_t room = sizeof record->argv - record->argv_size;
    if (room < sizeof "...") return;
    const size_t size = std::min(argument.size(), room - 1);
    memcpy(record->argv + record->argv_size, argument.data(), size);
    if (size < argument.size()) memcpy(record->argv + record->argv_size + size - 3, "...", 3);
    record->argv_size += static_cast<uint32_t>(size) + 1;
  }
}

int64_t ToNanos(const google::protobuf::Timestamp& time) { return time.seconds() * kNanos + time.nanos(); }

void SetTime(int64_t nanos, google::protobuf::Timestamp* time) {
  time->set_seconds(nanos / kNanos);
  time->set_nanos(static_cast<int32_t>(nanos % kNanos));
}

// Returns all of a field that is not terminated.
template <size_t N>
absl::string_view TextOf(const char (&field)[N]) {
  return {field, ::strnlen(field, N)};
}

bool IsEngine(absl::string_view name) {
  for (size_t i = 0; i < kEngineCount; ++i) {
    if (name == EngineName(static_cast<Engine>(i))) return true;
  }
  return false;
}

bool IsReason(absl::string_view name) {
  for (size_t i = 0; i < kReasonCount; ++i) {
    if (name == ReasonName(static_cast<Reason>(i))) return true;
  }
  return name.empty();
}

bool IsWord(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

bool HasGoodTexts(const ListedJob& record) {
  return IsJobId(TextOf(record.id)) && IsEngine(TextOf(record.engine)) &&
         (TextOf(record.placement) == "caller" || TextOf(record.placement) == "daemon") &&
         IsWord(TextOf(record.slurm_job)) && IsWord(TextOf(record.mirror)) &&
         IsReason(TextOf(record.fallback_reason)) && record.argv_size <= sizeof record.argv &&
         (record.argv_size == 0 || record.argv[record.argv_size - 1] == '\0');
}

bool HasGoodNumbers(const ListedJob& record) {
  auto has = [&](uint32_t bit) { return (record.known & bit) != 0; };
  return record.pid > 0 && record.state >= 1 && record.state <= Job::State_MAX &&
         record.processes <= kMaxProcesses && record.started_ns >= 0 && record.ended_ns >= 0 &&
         (!has(kHasExitCode) || (record.exit_code >= 0 && record.exit_code <= 255)) &&
         (!has(kHasSignal) || (record.signal > 0 && record.signal <= SIGRTMAX)) &&
         (!has(kHasCpu) || (record.cpu_seconds >= 0 && record.cpu_seconds <= kMaxCpuSeconds)) &&
         (!has(kHasRss) || record.rss_bytes <= kMaxRssBytes);
}

void TakeTexts(const ListedJob& record, Job* job) {
  auto text = [](absl::string_view bytes) { return std::string(bytes); };
  job->set_id(text(TextOf(record.id)));
  job->set_name(text(TextOf(record.name)));
  job->set_engine(text(TextOf(record.engine)));
  job->set_placement(text(TextOf(record.placement)));
  job->set_slurm_job(text(TextOf(record.slurm_job)));
  job->set_mirror(text(TextOf(record.mirror)));
  job->set_fallback_reason(text(TextOf(record.fallback_reason)));
  job->set_pack(text(TextOf(record.pack)));
  job->set_program(text(TextOf(record.program)));
  if (record.argv_size == 0) return;
  absl::string_view arguments(record.argv, record.argv_size - 1);
  for (absl::string_view argument : absl::StrSplit(arguments, '\0')) job->add_argv(text(argument));
}

}  // namespace

ListedJob MakeListed(ListedKind kind) {
  ListedJob record = {};
  record.magic = kMagic;
  record.kind = kind;
  return record;
}

ListedJob ToListed(const Job& job) {
  ListedJob record = MakeListed(ListedKind::kJob);
  record.pid = job.pid();
  record.state = static_cast<uint32_t>(job.state());
  record.known = (job.has_exit_code() ? kHasExitCode : 0) | (job.has_signal() ? kHasSignal : 0) |
                 (job.has_cpu_seconds() ? kHasCpu : 0) | (job.has_rss_bytes() ? kHasRss : 0) |
                 (job.has_ended_at() ? kHasEnd : 0) | (job.has_processes() ? kHasProcesses : 0);
  record.exit_code = job.exit_code();
  record.signal = job.signal();
  record.processes = job.processes();
  record.started_ns = ToNanos(job.started_at());
  record.ended_ns = ToNanos(job.ended_at());
  record.rss_bytes = job.rss_bytes();
  record.cpu_seconds = job.cpu_seconds();
  PutText(job.id(), record.id);
  PutText(job.name(), record.name);
  PutText(job.engine(), record.engine);
  PutText(job.placement(), record.placement);
  if (IsWord(job.slurm_job())) PutText(job.slurm_job(), record.slurm_job);  // from the job's environment
  PutText(job.mirror(), record.mirror);
  PutText(job.fallback_reason(), record.fallback_reason);
  PutText(job.pack(), record.pack);
  PutText(job.program(), record.program);
  PutArguments(job, &record);
  return record;
}

bool IsListed(const ListedJob& record) { return record.magic == kMagic; }

absl::StatusOr<Job> FromListed(const ListedJob& record, uint32_t uid) {
  if (record.kind != ListedKind::kJob || !HasGoodTexts(record) || !HasGoodNumbers(record)) {
    return absl::DataLossError("no job that a daemon would list");
  }
  Job job;
  TakeTexts(record, &job);
  job.set_uid(uid);
  job.set_pid(record.pid);
  job.set_state(static_cast<Job::State>(record.state));
  SetTime(record.started_ns, job.mutable_started_at());
  if ((record.known & kHasEnd) != 0) SetTime(record.ended_ns, job.mutable_ended_at());
  if ((record.known & kHasExitCode) != 0) job.set_exit_code(record.exit_code);
  if ((record.known & kHasSignal) != 0) job.set_signal(record.signal);
  if ((record.known & kHasCpu) != 0) job.set_cpu_seconds(record.cpu_seconds);
  if ((record.known & kHasRss) != 0) job.set_rss_bytes(record.rss_bytes);
  if ((record.known & kHasProcesses) != 0) job.set_processes(record.processes);
  return job;
}

}  // namespace reloc
