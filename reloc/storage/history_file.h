// The history's file, <state dir>/history.db: jobs that ended and events, as a SQLite database that relocd
// writes and anyone of the user's may read.
//
// Of a job or an event the file has what it is found by, and the whole as a message of proto/control.proto,
// so that a new field is no new schema. The order is that of `seq`: clocks jump.
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

// The file's path. Looks at the state directory, which may be on a slow disk; fails as StateDir() does.
absl::StatusOr<std::string> HistoryPath(const std::string& daemon_dir);

struct HistoryQuery {
  absl::Time since = absl::InfinitePast();  // when the job ended, when the event happened
  absl::Time until = absl::InfiniteFuture();
  int64_t limit = -1;  // the last ones; -1: all
  // For events: without those of this run of relocd (Event numbers are its own) that have a higher number.
  int64_t daemon = 0;
  int64_t last_number = 0;
};

// Hands the serialized messages to `take`, in their order. `path` as HistoryPath() returns it: its error is
// theirs. No file is an empty history; other errors name the file.
using TakeRecord = absl::FunctionRef<void(absl::string_view record)>;
absl::Status ReadPastJobs(const absl::StatusOr<std::string>& path, const HistoryQuery& query,
                          TakeRecord take);
absl::Status ReadPastEvents(const absl::StatusOr<std::string>& path, const HistoryQuery& query,
                            TakeRecord take);

}  // namespace reloc
