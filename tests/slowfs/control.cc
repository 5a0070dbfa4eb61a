#include "tests/slowfs/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reloc/base/file.h"

namespace reloc::slowfs {
namespace {

std::string Listing(const Counts& counts) {
  std::string listing;
  for (const auto& [what, count] : counts)
    absl::StrAppend(&listing, count, " ", what.first, "\t", what.second, "\n");
  return listing;
}

// Handles "FROM\tTO": shows the directory FROM at TO too. Only this process may mount.
std::string Bind(absl::string_view places) {
  const std::vector<std::string> place = absl::StrSplit(places, '\t');
  if (place.size() != 2) return "error: bind FROM<tab>TO\n";
  if (::mount(place[0].c_str(), place[1].c_str(), nullptr, MS_BIND, nullptr) == 0) return "";
  return absl::StrCat("error: cannot mount: ", strerror(errno), "\n");
}

std::string Unbind(absl::string_view place) {
  if (::umount2(std::string(place).c_str(), MNT_DETACH) == 0) return "";
  return absl::StrCat("error: cannot unmount: ", strerror(errno), "\n");
}

// Returns the answer to `line`, without the empty line at its end.
std::string Obey(absl::string_view line, FileSystem* files) {
  int64_t seconds = 0;
  if (line == "counts") return Listing(files->pace().counts());
  if (line == "cold") {
    files->MakeCold();
    files->pace().ResetCounts();
  } else if (line == "reset") {
    files->pace().ResetCounts();
  } else if (absl::ConsumePrefix(&line, "block ") && absl::SimpleAtoi(line, &seconds) && seconds >= 0) {
    files->pace().Block(std::chrono::seconds(seconds));
  } else if (line == "unblock") {
    files->pace().Unblock();
  } else if (absl::ConsumePrefix(&line, "bind ")) {
    return Bind(line);
  } else if (absl::ConsumePrefix(&line, "unbind ")) {
    return Unbind(line);
  } else {
    return "error: counts, reset, cold, block SECONDS, unblock, bind, unbind\n";
  }
  return "";
}

}  // namespace

void Answer(UniqueFd channel, FileSystem* files) {
  std::string asked;
  char bytes[256];
  for (ssize_t size; (size = ::read(channel.get(), bytes, sizeof bytes)) > 0;) {
    asked.append(bytes, static_cast<size_t>(size));
    for (size_t end; (end = asked.find('\n')) != std::string::npos; asked.erase(0, end + 1)) {
      const std::string answer = Obey(asked.substr(0, end), files) + "\n";
      if (!WriteAll(channel.get(), answer).ok()) return;
    }
  }
}

}  // namespace reloc::slowfs
