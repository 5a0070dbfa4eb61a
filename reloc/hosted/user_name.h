// Names of users, as the host has them.
#pragma once

#include <sys/types.h>

#include <string>

namespace reloc {

// The name of the user `uid`; the number where the host does not know one. May take a directory service, and
// is for one thread at a time: getpwuid(3).
std::string UserName(uid_t uid);

}  // namespace reloc
