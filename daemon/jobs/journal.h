// The journal: the daemon's jobs in a file of its directory, so that the next daemon knows them again,
// however this one ends.
//
// Each change of a job appends the job as it now is; the last entry of a job counts. Changes that come
// together are written together, before the event loop rests. Nothing is synced: the file is to outlive the
// daemon, not the host, whose processes do not outlive it either. It is written anew (another file, renamed)
// at the daemon's start and when it has grown.
//
// Not SQLite, which the history is in: a launch would wait for its locks and for a disk that may be slow.
// This costs a launch a few microseconds, and reading a thousand jobs a few milliseconds.
#pragma once

#include <stddef.h>

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/model/job.h"
#include "proto/journal.pb.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// What an earlier daemon left.
struct JournalContents {
  std::vector<Job> jobs;       // in the order of their starts, as they last were
  bool same_boot = false;      // else none of their processes is left
  std::string damage;          // what could not be read, for people; empty if all could
  bool other_version = false;  // a relocd of another version wrote it; nothing was read
};
// `daemon_dir`: a descriptor of the daemon's directory. A file that is damaged or cut off is read as far as
// it goes.
JournalContents ReadJournal(int daemon_dir);

// Keeps a journal that another version can read out of the way: as `journal.other`, which it replaces.
Errno SetJournalAside(int daemon_dir);

class Journal {
 public:
  // `daemon_dir` must outlive the journal. Nothing is written before the first Rewrite(), nor while `answers`
  // says that the file system of the directory does not answer.
  explicit Journal(
      int daemon_dir, std::function<bool()> answers = [] { return true; })
      : dir_(daemon_dir), answers_(std::move(answers)) {}

  // Appends `job` as it now is, with the next Flush() at the latest.
  void Write(const Job& job);
  // That it cannot is logged once, until it can again.
  void Flush();
  // True when the file should be written anew: it has grown, or an entry could not be written (then not more
  // often than once a second).
  bool wants_rewrite() const;
  // False if someone removed the file.
  bool IsInPlace() const;
  // Puts a file with `jobs` in the place of the old one.
  void Rewrite(std::span<const Job* const> jobs);

 private:
  void Append(const Job& job, std::string* bytes);
  Errno Replace(absl::string_view bytes);
  void Note(Errno e);

  int dir_;
  std::function<bool()> answers_;
  UniqueFd file_;     // invalid: what was written last is incomplete
  UniqueFd hanging_;  // one that close(2) would wait for
  size_t size_ = 0;
  size_t rewritten_size_ = 0;
  absl::Duration failed_at_ = -absl::InfiniteDuration();  // MonotonicNow()
  bool complained_ = false;
  relocd::v1::JournalEntry entry_;  // kept for its memory
  std::string waiting_;             // to be written
};

}  // namespace reloc
