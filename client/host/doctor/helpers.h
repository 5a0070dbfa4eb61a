// Finds the processes that relocd has started for its own work.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace reloc {

struct Helper {
  pid_t pid;
  std::string name;  // "relocd-keeper"
  std::string work;  // what is not done while it does nothing
};

// Returns the helpers of the daemon `relocd`. Reads only files that cannot block.
std::vector<Helper> HelpersOf(pid_t relocd);

}  // namespace reloc
