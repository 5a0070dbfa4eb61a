// The history's file, <state dir>/history.db: ended jobs and events, as a SQLite database that relocd writes
// and any process of the user may read.
//
// For a job or an event the file has the columns it is found by, and the whole as a message of
// proto/control.proto, so that a new field needs no new schema. Rows are ordered by `seq`, because clocks
// jump.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reloc/storage/sqlite.h"

namespace reloc {

inline constexpr int kHistoryVersion = 1;  // its PRAGMA user_version
inline constexpr char kHistorySchema[] = R"(
  CREATE TABLE jobs (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, started_at INTEGER NOT NULL,
                     ended_at INTEGER NOT NULL, record BLOB NOT NULL);
  CREATE TABLE events (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, daemon INTEGER NOT NULL,
                       number INTEGER NOT NULL, record BLOB NOT NULL);)";

// Returns the file's path. Accesses the state directory, which may be on a slow disk; fails like StateDir().
absl::StatusOr<std::string> HistoryPath(const std::string& daemon_dir);

struct HistoryQuery {
  absl::Time since = absl::InfinitePast();  // when the job ended, or the event happened
  absl::Time until = absl::InfiniteFuture();
  int64_t limit = -1;  // the last ones; -1: all
  // For events: leave out those of this run of relocd (event numbers are its own) with a higher number.
  int64_t daemon = 0;
  int64_t last_number = 0;
};

// Passes the serialized messages to `take`, in order. `path` is what HistoryPath() returned: its error is
// returned. A missing file is an empty history; other errors name the file.
using TakeRecord = absl::FunctionRef<void(absl::string_view record)>;
absl::Status ReadPastJobs(const absl::StatusOr<std::string>& path, const HistoryQuery& query,
                          TakeRecord take);
absl::Status ReadPastEvents(const absl::StatusOr<std::string>& path, const HistoryQuery& query,
                            TakeRecord take);

}  // namespace reloc
