// Wraps SQLite as far as the history needs it: errors as absl::Status, statements that end with their scope.
//
// A connection and its statements belong to one thread at a time.
#pragma once

#include <stdint.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace reloc::sqlite {

// Errors: DataLoss for a file that is damaged or not a database; Aborted for one that others have locked for
// more than two seconds; NotFound if it does not exist; FailedPrecondition if it is not this user's alone, or
// not a regular file; otherwise Unavailable.
class Statement {
 public:
  // Parameters are numbered from 1. Texts and bytes must outlive the next Step().
  Statement& Bind(int parameter, int64_t value);
  Statement& Bind(int parameter, absl::string_view text);
  Statement& BindBytes(int parameter, absl::string_view bytes);
  // Returns true if there is a row; false if the statement is done, and may be bound and stepped again.
  absl::StatusOr<bool> Step();
  // Steps to the end and ignores rows.
  absl::Status Run();
  // Read columns of the row, numbered from 0; texts are valid until the next Step().
  int64_t Number(int column) const;
  absl::string_view Bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class Access { kRead, kWrite };  // kWrite: creates the file if needed

class Database {
 public:
  static absl::StatusOr<Database> Open(const std::string& path, Access access);

  // Runs statements whose rows are not needed.
  absl::Status Execute(const std::string& statements);
  absl::StatusOr<Statement> Prepare(absl::string_view statement);
  // Returns the first value of the first row; 0 if there is none or it is NULL.
  absl::StatusOr<int64_t> Number(absl::string_view statement);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace reloc::sqlite
