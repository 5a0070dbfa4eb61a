#include "reloc/pack/host_loader.h"

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/host_command.h"

namespace reloc {
namespace {

// Returns "/lib/libz.so.1" for "/lib/glibc-hwcaps/x86-64-v3/libz.so.1" if that exists: the latter is for this
// host's processor, and the pack may be copied to an older one.
std::string WithoutHardwareCapabilities(const std::string& file) {
  constexpr char kDirectory[] = "/glibc-hwcaps/";
  const size_t at = file.find(kDirectory);
  const size_t level_end = at == std::string::npos ? at : file.find('/', at + sizeof(kDirectory) - 1);
  if (level_end == std::string::npos) return file;
  std::string plain = file.substr(0, at) + file.substr(level_end);
  return access(plain.c_str(), R_OK) == 0 ? plain : file;
}

}  // namespace

std::map<std::string, std::string> ParseLoaderListing(const std::string& listing) {
  std::map<std::string, std::string> files;
  for (absl::string_view line : absl::StrSplit(listing, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    const size_t arrow = line.find(" => ");
    const size_t address = line.rfind(" (0x");
    if (arrow == line.npos || address == line.npos || address <= arrow) continue;
    const absl::string_view file = line.substr(arrow + 4, address - arrow - 4);
    if (!file.empty() && file[0] == '/')
      files.emplace(line.substr(0, arrow), WithoutHardwareCapabilities(std::string(file)));
  }
  return files;
}

absl::StatusOr<LoadedLibraries> AskLoader(const std::string& loader, const std::string& object) {
  if (access(loader.c_str(), X_OK) != 0)
    return absl::NotFoundError(
        absl::StrCat("its loader ", loader, " does not exist here; is it for another system?"));
  RELOC_ASSIGN_OR_RETURN(const CommandResult result, RunCommand({loader, "--list", object}));
  const bool complete = result.exit_code == 0;
  if (complete || !result.output.empty())
    return LoadedLibraries{loader, ParseLoaderListing(result.output), complete};
  const std::string error = ErrorOf(result);
  return absl::FailedPreconditionError(
      absl::StrCat("its loader cannot load it (is a library not installed, or LD_LIBRARY_PATH not set?): ",
                   absl::StripPrefix(error, absl::StrCat(object, ": "))));
}

}  // namespace reloc
