// Finds the daemons of users, unless a user chose another place.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace reloc {

struct DaemonPlaces {
  // The users who may have a daemon, with the names of their directories in /tmp: relocd-UID and
  // relocd-UID.job-JOBID.
  std::map<uid_t, std::vector<std::string>> users;
  // Names in /tmp that do not belong to their users, a few of them, and what was left out.
  std::vector<std::string> warnings;
};

// Finds them for root: users with a directory in /run/user, users with a process and a directory in /tmp, and
// users who own a directory in /tmp but have no visible process. These directories are not opened. Each of
// two searches ends after `budget`: everyone can make names in /tmp, so those of known users are looked up
// first, and by name.
DaemonPlaces FindDaemonPlaces(absl::Duration budget);

// Returns the directories of `uid`'s daemons that exist: a bounded number, those in /tmp among `names`. For a
// process that has this uid.
std::vector<std::string> DaemonDirsOf(uid_t uid, const std::vector<std::string>& names);

}  // namespace reloc
