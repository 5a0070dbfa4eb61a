// The jobs of other users, asked for root by helpers that have their uids.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/watch/listed_job.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// All that is read is what those users may have written. It costs them their rows if it is not as it must be,
// and root no more than a bounded number of bytes and the time until the deadline.
class UserJobs {
 public:
  UserJobs() = default;
  UserJobs(const UserJobs&) = delete;
  UserJobs& operator=(const UserJobs&) = delete;
  ~UserJobs();  // ends the helpers

  // Starts a helper for each of `users`, which are there with the names of their directories in /tmp.
  void Start(const std::map<uid_t, std::vector<std::string>>& users, bool include_ended);
  // Takes what comes out of `pipe`, which does not block, for the word of `uid`'s helper `pid`; 0: none of
  // ours.
  void Add(uid_t uid, UniqueFd pipe, pid_t pid);
  // Reads until all are done, or `deadline`. Afterwards:
  void Collect(absl::Time deadline);
  const std::vector<relocd::v1::Job>& jobs() const { return jobs_; }
  // Whether there is a daemon that answered, be it with no jobs.
  bool any() const { return any_; }
  // One line each about a user whose jobs are missing.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Helper {
    uid_t uid = 0;
    pid_t pid = 0;
    UniqueFd pipe;
    std::string bytes;  // of a record that is not complete yet
    size_t records = 0;
    size_t jobs = 0;
    bool ended = false;  // it has said that this is all
  };

  void StartOne(uid_t uid, const std::vector<std::string>& names, bool include_ended);
  void Read(Helper* helper);
  void Take(const ListedJob& record, Helper* helper);
  void Warn(uid_t uid, absl::string_view what);
  static void End(Helper* helper);

  std::vector<Helper> helpers_;
  std::vector<relocd::v1::Job> jobs_;
  std::vector<std::string> warnings_;
  bool any_ = false;
};

}  // namespace reloc
