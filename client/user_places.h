// Where the daemons of users are, when nobody said otherwise.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace reloc {

// The users who may have a daemon, for root: those with a directory in /run/user, and those who own a
// directory /tmp/relocd-UID or /tmp/relocd-UID.job-JOBID. Nothing in these is looked at. `warnings`: names in
// /tmp that are not their users', a few of them.
std::vector<uid_t> UsersWithDaemons(std::vector<std::string>* warnings);

// The directories of `uid`'s daemons, as far as they are there: a bounded number. For a process that has this
// uid.
std::vector<std::string> DaemonDirsOf(uid_t uid);

}  // namespace reloc
