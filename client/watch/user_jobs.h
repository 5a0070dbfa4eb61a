// Collects the jobs of other users for root, through helpers with those users' uids.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/watch/listed_job.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Everything that is read may have been written by those users. Invalid data costs them their rows, and root
// at most a bounded number of bytes and the time until the deadline.
class UserJobs {
 public:
  UserJobs() = default;
  UserJobs(const UserJobs&) = delete;
  UserJobs& operator=(const UserJobs&) = delete;
  ~UserJobs();  // ends the helpers

  // Starts a helper for each of `users`, which are given with the names of their directories in /tmp.
  void Start(const std::map<uid_t, std::vector<std::string>>& users, bool include_ended);
  // Reads records of `uid`'s helper `pid` from `pipe`, which must be non-blocking; pid 0: not our child.
  void Add(uid_t uid, UniqueFd pipe, pid_t pid);
  // Reads until all have ended, or `deadline`. The results below are valid afterwards.
  void Collect(absl::Time deadline);
  const std::vector<relocd::v1::Job>& jobs() const { return jobs_; }
  // Returns whether a daemon answered, even if with no jobs.
  bool any() const { return any_; }
  // Returns one line for each user whose jobs are missing.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Helper {
    uid_t uid = 0;
    pid_t pid = 0;
    UniqueFd pipe;
    std::string bytes;  // of an incomplete record
    size_t records = 0;
    size_t jobs = 0;
    bool ended = false;  // it has sent the last record
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
