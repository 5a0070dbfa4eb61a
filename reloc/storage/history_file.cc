#include "reloc/storage/history_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/status.h"
#include "reloc/storage/state_dir.h"

namespace reloc {
namespace {

// The number of rows that are read at a time. They are passed on between reads, because their consumer may be
// slow, and nobody can write while a statement is active.
constexpr int64_t kChunk = 1000;

struct Table {
  absl::string_view name;
  absl::string_view wanted;  // a condition, with parameters 1 to 4
};
constexpr Table kJobs = {"jobs", "ended_at BETWEEN ?1 AND ?2"};
constexpr Table kEvents = {"events", "time BETWEEN ?1 AND ?2 AND NOT (daemon = ?3 AND number > ?4)"};

void BindWanted(const HistoryQuery& query, sqlite::Statement* statement) {
  // Infinite times become the least and the greatest number. Parameters that a statement lacks are ignored.
  statement->Bind(1, absl::ToUnixNanos(query.since)).Bind(2, absl::ToUnixNanos(query.until));
  statement->Bind(3, query.daemon).Bind(4, query.last_number);
}

// Returns the row before the last `limit` ones.
absl::StatusOr<int64_t> FindStart(sqlite::Database* database, const Table& table, const HistoryQuery& query) {
  if (query.limit < 0) return 0;
  RELOC_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database->Prepare(absl::StrCat("SELECT seq FROM ", table.name, " WHERE ", table.wanted,
                                     " ORDER BY seq DESC LIMIT 1 OFFSET ?5")));
  BindWanted(query, &statement);
  RELOC_ASSIGN_OR_RETURN(bool row, statement.Bind(5, query.limit).Step());
  return row ? statement.Number(0) : 0;
}

absl::Status ReadRows(sqlite::Database* database, const Table& table, const HistoryQuery& query,
                      TakeRecord take) {
  RELOC_ASSIGN_OR_RETURN(int64_t last, FindStart(database, table, query));
  RELOC_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database->Prepare(absl::StrCat("SELECT seq, record FROM ", table.name, " WHERE ", table.wanted,
                                     " AND seq > ?5 ORDER BY seq LIMIT ?6")));
  BindWanted(query, &statement);
  std::vector<std::string> records;
  do {
    records.clear();
    statement.Bind(5, last).Bind(6, kChunk);
    while (true) {
      RELOC_ASSIGN_OR_RETURN(bool row, statement.Step());
      if (!row) break;
      last = statement.Number(0);
      records.emplace_back(statement.Bytes(1));
    }
    for (const std::string& record : records) take(record);
  } while (records.size() == kChunk);
  return absl::OkStatus();
}

absl::Status Read(const std::string& path, const Table& table, const HistoryQuery& query, TakeRecord take) {
  RELOC_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path, sqlite::Access::kRead));
  RELOC_ASSIGN_OR_RETURN(int64_t version, database.Number("PRAGMA user_version"));
  if (version == 0) return absl::OkStatus();  // it is just being created
  if (version == kHistoryVersion) return ReadRows(&database, table, query, take);
  return absl::FailedPreconditionError(
      absl::StrCat("it has version ", version, ", and not ", kHistoryVersion));
}

absl::Status ReadFile(const absl::StatusOr<std::string>& path, const Table& table, const HistoryQuery& query,
                      TakeRecord take) {
  RELOC_RETURN_IF_ERROR(path.status());
  if (::faccessat(AT_FDCWD, path->c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return absl::OkStatus();
  absl::Status read = Read(*path, table, query, take);
  if (read.ok()) return read;
  return absl::Status(read.code(), absl::StrCat("cannot read the history in ", *path, ": ", read.message()));
}

}  // namespace

absl::StatusOr<std::string> HistoryPath(const std::string& daemon_dir) {
  RELOC_ASSIGN_OR_RETURN(std::string state, StateDir(daemon_dir));
  return state + "/history.db";
}

absl::Status ReadPastJobs(const absl::StatusOr<std::string>& path, const HistoryQuery& query,
                          TakeRecord take) {
  return ReadFile(path, kJobs, query, take);
}

absl::Status ReadPastEvents(const absl::StatusOr<std::string>& path, const HistoryQuery& query,
                            TakeRecord take) {
  return ReadFile(path, kEvents, query, take);
}

}  // namespace reloc
