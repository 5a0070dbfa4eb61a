#include "daemon/history/history_store.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/model/messages.h"
#include "reloc/hosted/status.h"
#include "reloc/job/job_files.h"
#include "reloc/job/output_log.h"
#include "reloc/storage/history_file.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

// There are a launch and an exit of each job, and what else happens.
constexpr int64_t kEventsPerJob = 4;
// However old they seem: a clock that has jumped must not cost the whole history.
constexpr int64_t kNeverTooOld = 100;
constexpr absl::Duration kOddLeap = absl::Hours(24 * 366);
constexpr absl::Duration kPruneInterval = absl::Hours(1);

absl::Status TakeIds(sqlite::Statement statement, std::vector<std::string>* ids) {
  while (true) {
    RELOC_ASSIGN_OR_RETURN(bool row, statement.Step());
    if (!row) return absl::OkStatus();
    ids->emplace_back(statement.Bytes(0));
  }
}

}  // namespace

HistoryStore::HistoryStore(std::string path, HistoryLimits limits, int64_t daemon, HistoryClocks clocks,
                           std::function<void(const std::string&)> warn)
    : path_(std::move(path)),
      limits_(limits),
      daemon_(daemon),
      clocks_(std::move(clocks)),
      warn_(std::move(warn)),
      started_at_(clocks_.wall()),
      started_steady_(clocks_.steady()),
      next_prune_(started_steady_) {}

absl::Status HistoryStore::Write(std::span<const HistoryItem> items) {
  absl::Status written = WriteOnce(items);
  if (absl::IsDataLoss(written)) {
    warn_(absl::StrCat("the history in ", path_, " is damaged: ", written.message()));
    Close();
    RELOC_RETURN_IF_ERROR(SetAside());
    written = WriteOnce(items);
  }
  if (written.ok()) return written;
  Close();  // so that the next attempt finds whatever is there by then
  return absl::Status(written.code(), absl::StrCat(path_, ": ", written.message()));
}

absl::Status HistoryStore::WriteOnce(std::span<const HistoryItem> items) {
  if (!database_) RELOC_RETURN_IF_ERROR(Open());
  std::vector<std::string> removed;
  RELOC_RETURN_IF_ERROR(database_->Execute("BEGIN IMMEDIATE"));
  absl::Status written = Insert(items);
  if (written.ok()) written = Prune(&removed);
  if (written.ok()) written = database_->Execute("COMMIT");
  if (!written.ok()) {
    // Fails where SQLite has rolled back by itself.
    (void)database_->Execute("ROLLBACK");
    return written;
  }
  RemoveOutput(removed);
  return absl::OkStatus();
}

absl::Status HistoryStore::Open() {
  RELOC_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path_, sqlite::Access::kWrite));
  RELOC_RETURN_IF_ERROR(Prepare(&database));
  database_ = std::move(database);
  return absl::OkStatus();
}

absl::Status HistoryStore::Prepare(sqlite::Database* database) {
  // Not a write-ahead log: it is mapped into memory, where a full disk or a file that is cut off means
  // SIGBUS, the end of relocd; and network file systems have none (sqlite.org/wal.html).
  RELOC_RETURN_IF_ERROR(database->Execute("PRAGMA journal_mode = TRUNCATE"));
  RELOC_RETURN_IF_ERROR(database->Execute("PRAGMA synchronous = NORMAL"));
  RELOC_ASSIGN_OR_RETURN(int64_t version, database->Number("PRAGMA user_version"));
  if (version == 0) {
    return database->Execute(absl::StrCat("BEGIN IMMEDIATE;", kHistorySchema,
                                          "PRAGMA user_version = ", kHistoryVersion, "; COMMIT"));
  }
  if (version != kHistoryVersion) {
    return absl::FailedPreconditionError(absl::StrCat("it is of another version of relocd (", version, ")"));
  }
  // A file that was cut off would show it only when the missing part is wanted. The answer is a row: "ok", or
  // what is wrong.
  RELOC_ASSIGN_OR_RETURN(sqlite::Statement check, database->Prepare("PRAGMA quick_check(1)"));
  RELOC_ASSIGN_OR_RETURN(bool row, check.Step());
  if (!row || check.Bytes(0) != "ok") return absl::DataLossError("its pages do not belong together");
  RELOC_ASSIGN_OR_RETURN(int64_t newest, database->Number("SELECT max(ended_at) FROM jobs"));
  clock_is_odd_ = newest != 0 && started_at_ - absl::FromUnixNanos(newest) > kOddLeap;
  return absl::OkStatus();
}

absl::Status HistoryStore::SetAside() {
  std::string aside = absl::StrCat(path_, ".damaged-",
                                   absl::FormatTime("%Y%m%dT%H%M%E3SZ", clocks_.wall(), absl::UTCTimeZone()));
  if (::rename(path_.c_str(), aside.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot rename ", path_));
  }
  // They belong to the old file, and would be taken for the new one's.
  for (const char* suffix : {"-wal", "-shm", "-journal"}) ::unlink(absl::StrCat(path_, suffix).c_str());
  warn_(absl::StrCat("it is now ", aside, ", and a new one is begun"));
  return absl::OkStatus();
}

absl::Status HistoryStore::Insert(std::span<const HistoryItem> items) {
  RELOC_ASSIGN_OR_RETURN(sqlite::Statement job,
                         database_->Prepare("INSERT OR IGNORE INTO jobs (id, started_at, ended_at, record)"
                                            " VALUES (?, ?, ?, ?)"));
  RELOC_ASSIGN_OR_RETURN(
      sqlite::Statement event,
      database_->Prepare("INSERT INTO events (time, daemon, number, record) VALUES (?, ?, ?, ?)"));
  for (const HistoryItem& item : items) {
    const relocd::v1::Job& of = item.event.job();
    std::string record = of.SerializeAsString();
    if (item.job_ended) {
      job.Bind(1, of.id()).Bind(2, absl::ToUnixNanos(ToTime(of.started_at())));
      job.Bind(3, absl::ToUnixNanos(ToTime(of.ended_at()))).BindBytes(4, record);
      RELOC_RETURN_IF_ERROR(job.Run());
    }
    if (item.number == 0) continue;
    record = item.event.SerializeAsString();
    event.Bind(1, absl::ToUnixNanos(ToTime(item.event.time()))).Bind(2, daemon_);
    event.Bind(3, static_cast<int64_t>(item.number)).BindBytes(4, record);
    RELOC_RETURN_IF_ERROR(event.Run());
  }
  return absl::OkStatus();
}

absl::Status HistoryStore::Prune(std::vector<std::string>* removed) {
  const int64_t jobs = static_cast<int64_t>(limits_.jobs);
  RELOC_ASSIGN_OR_RETURN(
      sqlite::Statement many,
      database_->Prepare("DELETE FROM jobs WHERE seq <= (SELECT max(seq) FROM jobs) - ? RETURNING id"));
  many.Bind(1, jobs);
  RELOC_RETURN_IF_ERROR(TakeIds(std::move(many), removed));
  RELOC_ASSIGN_OR_RETURN(
      sqlite::Statement events,
      database_->Prepare("DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?"));
  RELOC_RETURN_IF_ERROR(events.Bind(1, jobs * kEventsPerJob).Run());
  return PruneOld(removed);
}

// By a clock that cannot jump while relocd runs; and not at all if it seems to have jumped before.
absl::Status HistoryStore::PruneOld(std::vector<std::string>* removed) {
  const absl::Duration steady = clocks_.steady();
  if (limits_.age == absl::InfiniteDuration() || clock_is_odd_ || steady < next_prune_)
    return absl::OkStatus();
  next_prune_ = steady + kPruneInterval;
  const int64_t oldest = absl::ToUnixNanos(started_at_ + (steady - started_steady_) - limits_.age);
  RELOC_ASSIGN_OR_RETURN(sqlite::Statement old,
                         database_->Prepare("DELETE FROM jobs WHERE ended_at < ? AND"
                                            " seq <= (SELECT max(seq) FROM jobs) - ? RETURNING id"));
  old.Bind(1, oldest).Bind(2, kNeverTooOld);
  RELOC_RETURN_IF_ERROR(TakeIds(std::move(old), removed));
  RELOC_ASSIGN_OR_RETURN(sqlite::Statement events,
                         database_->Prepare("DELETE FROM events WHERE time < ? AND"
                                            " seq <= (SELECT max(seq) FROM events) - ?"));
  return events.Bind(1, oldest).Bind(2, kNeverTooOld * kEventsPerJob).Run();
}

void HistoryStore::RemoveOutput(const std::vector<std::string>& ids) const {
  for (const std::string& id : ids) {
    if (!IsJobId(id)) continue;
    std::string file = fs::path(path_).parent_path() / "output" / id;
    ::unlink(file.c_str());
    ::unlink(RotatedOutput(file).c_str());
  }
}

}  // namespace reloc
