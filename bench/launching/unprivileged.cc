#include "bench/launching/unprivileged.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace reloc::bench {
namespace {

// Any uid that no user has: 65534 would do, too, but unmapped ids look like it.
constexpr char kUser[] = "4242";

}  // namespace

absl::Status BecomeOrdinaryUser(char** argv) {
  if (::geteuid() != 0) return absl::OkStatus();
  fprintf(stderr, "bench: running as uid %s, since root's launches are not what users see\n", kUser);
  // Through setpriv(1) and an exec: a process that changes its ids itself is not dumpable, and cannot open
  // /proc/self.
  std::string self = "/proc/self/exe";
  char path[4096];
  if (ssize_t size = ::readlink(self.c_str(), path, sizeof path); size > 0)
    self.assign(path, static_cast<size_t>(size));
  std::vector<std::string> texts = {"setpriv", "--reuid", kUser, "--regid", kUser, "--clear-groups", self};
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  for (char** argument = argv + 1; *argument != nullptr; ++argument) arguments.push_back(*argument);
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  return absl::ErrnoToStatus(errno, "root must not measure, and setpriv cannot be run; be an ordinary user");
}

}  // namespace reloc::bench
