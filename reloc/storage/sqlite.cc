#include "reloc/storage/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/own_file.h"
#include "reloc/hosted/status.h"

namespace reloc::sqlite {
namespace {

// How long to wait for other writers. Less for readers, because a user waits for the result.
constexpr int kWriterMillis = 2000, kReaderMillis = 1000;

absl::Status ToStatus(sqlite3* database, int result) {
  const char* text = database == nullptr ? ::sqlite3_errstr(result) : ::sqlite3_errmsg(database);
  switch (result & 0xff) {  // the primary result code
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::AbortedError(text);
    case SQLITE_CANTOPEN:
      return absl::NotFoundError(text);
    default:
      return absl::UnavailableError(text);
  }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { ::sqlite3_close_v2(database); }

// Binding fails only for a wrong number or lack of memory; then Step() fails as well.
Statement& Statement::Bind(int parameter, int64_t value) {
  ::sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::Bind(int parameter, absl::string_view text) {
  ::sqlite3_bind_text(statement_.get(), parameter, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

Statement& Statement::BindBytes(int parameter, absl::string_view bytes) {
  ::sqlite3_bind_blob(statement_.get(), parameter, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_STATIC);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  int result = ::sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  absl::Status status = absl::OkStatus();
  if (result != SQLITE_DONE) status = ToStatus(::sqlite3_db_handle(statement_.get()), result);
  ::sqlite3_reset(statement_.get());
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  while (true) {
    RELOC_ASSIGN_OR_RETURN(bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

int64_t Statement::Number(int column) const { return ::sqlite3_column_int64(statement_.get(), column); }

absl::string_view Statement::Bytes(int column) const {
  const void* bytes = ::sqlite3_column_blob(statement_.get(), column);
  int size = ::sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

namespace {

// SQLite opens by path, and would wait for a FIFO. O_PATH, because closing another descriptor of a database
// would release this process's locks on it (fcntl(2)).
absl::Status RequireOwnFiles(const std::string& path) {
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    absl::Status opened = OpenOwnFile(path + suffix, O_PATH).status();
    if (!opened.ok() && !absl::IsNotFound(opened)) return opened;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Database> Database::Open(const std::string& path, Access access) {
  RELOC_RETURN_IF_ERROR(RequireOwnFiles(path));
  int flags = access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  int result =
      ::sqlite3_open_v2(path.c_str(), &handle,
                        flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(handle);
  if (result != SQLITE_OK) return ToStatus(handle, result);
  ::sqlite3_busy_timeout(handle, access == Access::kRead ? kReaderMillis : kWriterMillis);
  // The default of 2 MB would be most of relocd's memory.
  RELOC_RETURN_IF_ERROR(database.Execute("PRAGMA cache_size = -256"));
  return database;
}

absl::Status Database::Execute(const std::string& statements) {
  int result = ::sqlite3_exec(database_.get(), statements.c_str(), nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : ToStatus(database_.get(), result);
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view statement) {
  sqlite3_stmt* prepared = nullptr;
  int result = ::sqlite3_prepare_v2(database_.get(), statement.data(), static_cast<int>(statement.size()),
                                    &prepared, nullptr);
  if (result != SQLITE_OK) return ToStatus(database_.get(), result);
  return Statement(prepared);
}

absl::StatusOr<int64_t> Database::Number(absl::string_view text) {
  RELOC_ASSIGN_OR_RETURN(Statement statement, Prepare(text));
  RELOC_ASSIGN_OR_RETURN(bool row, statement.Step());
  return row ? statement.Number(0) : 0;
}

}  // namespace reloc::sqlite
