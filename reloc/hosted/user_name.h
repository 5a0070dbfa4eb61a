// Names of users, as the host knows them.
#pragma once

#include <sys/types.h>

#include <string>

namespace reloc {

// Returns the name of the user `uid`; the number if the host does not know one. May ask a directory service,
// and must not be called by two threads at once: getpwuid(3).
std::string UserName(uid_t uid);

}  // namespace reloc
