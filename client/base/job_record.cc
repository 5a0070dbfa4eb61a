#include "client/base/job_record.h"

#include <string.h>

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/user_name.h"

namespace reloc {
namespace {

using relocd::v1::Job;

constexpr size_t kCommandWidth = 48;

const char* StateName(Job::State state) {
  switch (state) {
    case Job::STATE_RUNNING:
      return "running";
    case Job::STATE_EXITED:
      return "exited";
    case Job::STATE_KILLED:
      return "killed";
    case Job::STATE_LOST:
      return "lost";
    default:
      return "unknown";
  }
}

// Looks each user up once: it may take a directory service.
const std::string& KnownUserName(uid_t uid) {
  static auto* names = new absl::flat_hash_map<uid_t, std::string>();
  auto [name, is_new] = names->try_emplace(uid);
  if (is_new) name->second = UserName(uid);
  return name->second;
}

JsonValue Arguments(const Job& job) {
  JsonValue value;
  auto* list = value.mutable_list_value();
  for (const std::string& argument : job.argv()) *list->add_values() = JsonText(argument);
  return value;
}

std::string Command(const Job& job) {
  std::string command = absl::StrJoin(job.argv(), " ");
  if (command.empty()) command = job.program();
  if (command.size() <= kCommandWidth) return command;
  size_t end = kCommandWidth - 3;
  while (end > 0 && (command[end] & 0xC0) == 0x80) --end;  // not within a character
  return absl::StrCat(command.substr(0, end), "...");
}

}  // namespace

std::string TimeText(const google::protobuf::Timestamp& time) {
  absl::Time moment = absl::FromUnixSeconds(time.seconds());
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", moment, absl::LocalTimeZone());
}

std::string Age(const google::protobuf::Timestamp& since) {
  int64_t seconds = std::max<int64_t>(0, absl::ToUnixSeconds(absl::Now()) - since.seconds());
  if (seconds < 120) return absl::StrCat(seconds, "s");
  if (seconds < 120 * 60) return absl::StrCat(seconds / 60, "m");
  if (seconds < 48 * 3600) return absl::StrCat(seconds / 3600, "h");
  return absl::StrCat(seconds / 86400, "d");
}

std::string JobStateText(const Job& job) {
  std::string state = StateName(job.state());
  if (job.has_exit_code()) return absl::StrCat(state, " ", job.exit_code());
  if (!job.has_signal()) return state;
  const char* name = ::sigabbrev_np(job.signal());
  return absl::StrCat(state, " ", name == nullptr ? absl::StrCat(job.signal()) : name);
}

Record JobRecord(const Job& job) {
  return {
      {"id", JsonText(job.id())},
      {"name", JsonText(job.name())},
      {"pid", JsonNumber(job.pid())},
      {"uid", JsonNumber(job.uid())},
      {"user", JsonText(KnownUserName(job.uid()))},
      {"pack", JsonText(job.pack())},
      {"program", JsonText(job.program())},
      {"argv", Arguments(job)},
      {"engine", JsonText(job.engine())},
      {"placement", JsonText(job.placement())},
      {"started_at", JsonTime(job.started_at())},
      {"state", JsonText(StateName(job.state()))},
      {"exit_code", job.has_exit_code() ? JsonNumber(job.exit_code()) : JsonNull()},
      {"signal", job.has_signal() ? JsonNumber(job.signal()) : JsonNull()},
      {"cpu_seconds", job.has_cpu_seconds() ? JsonNumber(job.cpu_seconds()) : JsonNull()},
      {"rss_bytes", job.has_rss_bytes() ? JsonNumber(static_cast<double>(job.rss_bytes())) : JsonNull()},
      {"processes", job.has_processes() ? JsonNumber(job.processes()) : JsonNull()},
      {"slurm_job", job.slurm_job().empty() ? JsonNull() : JsonText(job.slurm_job())},
      {"ended_at", job.has_ended_at() ? JsonTime(job.ended_at()) : JsonNull()},
      {"mirror", job.mirror().empty() ? JsonNull() : JsonText(job.mirror())},
      {"fallback_reason", job.fallback_reason().empty() ? JsonNull() : JsonText(job.fallback_reason())},
  };
}

std::vector<std::string> JobColumns(bool with_user) {
  std::vector<std::string> columns = {"ID",      "NAME", "PID",    "ENGINE",    "STATE",
                                      "STARTED", "CPU",  "MEMORY", "PROCESSES", "COMMAND"};
  if (with_user) columns.insert(columns.begin() + 2, "USER");
  return columns;
}

std::vector<std::string> JobRow(const Job& job, bool with_user) {
  std::vector<std::string> row = {job.id(),
                                  job.name(),
                                  absl::StrCat(job.pid()),
                                  job.engine(),
                                  JobStateText(job),
                                  absl::StrCat(Age(job.started_at()), " ago"),
                                  job.has_cpu_seconds() ? absl::StrFormat("%.2fs", job.cpu_seconds()) : "-",
                                  job.has_rss_bytes() ? HumanSize(static_cast<double>(job.rss_bytes())) : "-",
                                  job.has_processes() ? absl::StrCat(job.processes()) : "-",
                                  Command(job)};
  if (with_user) row.insert(row.begin() + 2, KnownUserName(job.uid()));
  return row;
}

std::vector<std::string> EndedJobColumns() {
  return {"ID", "NAME", "PID", "ENGINE", "STATE", "STARTED", "ENDED", "CPU", "COMMAND"};
}

std::vector<std::string> EndedJobRow(const Job& job) {
  return {job.id(),
          job.name(),
          absl::StrCat(job.pid()),
          job.engine(),
          JobStateText(job),
          TimeText(job.started_at()),
          TimeText(job.ended_at()),
          job.has_cpu_seconds() ? absl::StrFormat("%.2fs", job.cpu_seconds()) : "-",
          Command(job)};
}

}  // namespace reloc
