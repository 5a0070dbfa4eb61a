#include "tests/slowfs/control.h"

#include <stdio.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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

// What is answered to `line`, before the empty line.
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
  } else {
    return "error: counts, reset, cold, block SECONDS, unblock\n";
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
