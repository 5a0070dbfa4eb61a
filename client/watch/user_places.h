// Where the daemons of users are, unless a user chose another place.
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
  // Names in /tmp that are not their users', a few of them, and what was left out.
  std::vector<std::string> warnings;
};

// Finds them for root: those with a directory in /run/user, those who have a process and a directory in /tmp,
// and those who own one for which they have no process that can be seen. Nothing in these is looked at. Each
// of two searches ends after `budget`: everyone can make names in /tmp, so those of users who are known are
// looked up first, and by name.
DaemonPlaces FindDaemonPlaces(absl::Duration budget);

// Returns the directories of `uid`'s daemons, as far as they are there: a bounded number, those in /tmp among
// `names`. For a process that has this uid.
std::vector<std::string> DaemonDirsOf(uid_t uid, const std::vector<std::string>& names);

}  // namespace reloc
