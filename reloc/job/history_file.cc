#include "reloc/job/history_file.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "reloc/job/state_dir.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

// The last `limit` ones, yet oldest first.
constexpr absl::string_view kJobs =
    "SELECT record FROM (SELECT seq, record FROM jobs WHERE ended_at BETWEEN ?1 AND ?2"
    " ORDER BY seq DESC LIMIT ?3) ORDER BY seq";
constexpr absl::string_view kEvents =
    "SELECT record FROM (SELECT seq, record FROM events WHERE time BETWEEN ?1 AND ?2"
    " AND NOT (daemon = ?4 AND number > ?5) ORDER BY seq DESC LIMIT ?3) ORDER BY seq";

absl::Status CheckVersion(sqlite::Database* database) {
  RELOC_ASSIGN_OR_RETURN(int64_t version, database->Number("PRAGMA user_version"));
  if (version == kHistoryVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("it has version ", version, ", and not ", kHistoryVersion));
}

absl::Status Read(const std::string& path, absl::string_view select, const HistoryQuery& query,
                  TakeRecord take) {
  RELOC_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path, sqlite::Access::kRead));
  RELOC_RETURN_IF_ERROR(CheckVersion(&database));
  RELOC_ASSIGN_OR_RETURN(sqlite::Statement statement, database.Prepare(select));
  // Infinite times become the least and the greatest number.
  statement.Bind(1, absl::ToUnixNanos(query.since))
      .Bind(2, absl::ToUnixNanos(query.until))
      .Bind(3, query.limit);
  if (select == kEvents) statement.Bind(4, query.daemon).Bind(5, query.last_number);
  while (true) {
    RELOC_ASSIGN_OR_RETURN(bool row, statement.Step());
    if (!row) return absl::OkStatus();
    take(statement.Bytes(0));
  }
}

absl::Status ReadFile(const std::string& path, absl::string_view select, const HistoryQuery& query,
                      TakeRecord take) {
  if (::access(path.c_str(), F_OK) != 0) return absl::OkStatus();
  absl::Status read = Read(path, select, query, take);
  if (read.ok()) return read;
  return absl::Status(read.code(), absl::StrCat("cannot read the history in ", path, ": ", read.message()));
}

}  // namespace

std::string HistoryPath(const std::string& daemon_dir) { return StateDir(daemon_dir) + "/history.db"; }

absl::Status ReadPastJobs(const std::string& path, const HistoryQuery& query, TakeRecord take) {
  return ReadFile(path, kJobs, query, take);
}

absl::Status ReadPastEvents(const std::string& path, const HistoryQuery& query, TakeRecord take) {
  return ReadFile(path, kEvents, query, take);
}

}  // namespace reloc
