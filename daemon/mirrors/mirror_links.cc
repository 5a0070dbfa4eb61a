#include "daemon/mirrors/mirror_links.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/mirror_link.h"
#include "reloc/mirror/directory_at.h"

namespace reloc {
namespace {

absl::Status Failed(int error) { return absl::ErrnoToStatus(error, "cannot tell launches of mirrors"); }

}  // namespace

// Anew each time: a cleaner of /tmp may have removed it.
Result<UniqueFd> MirrorLinks::OpenDirectory() const {
  return OpenAt(daemon_dir_, kMirrorLinks, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

absl::Status MirrorLinks::Publish(const std::string& name, const std::string& target) const {
  if (fault::Fails(fault::Point::kMirrorShow)) return Failed(errno);
  if (::mkdirat(daemon_dir_, kMirrorLinks, 0700) != 0 && errno != EEXIST) return Failed(errno);
  Result<UniqueFd> directory = OpenDirectory();
  if (!directory.ok()) return Failed(directory.error().value);
  PathText there;
  if (ReadLink(directory->get(), name.c_str(), &there).ok() && there.view() == target)
    return absl::OkStatus();
  const std::string fresh = name + ".new";
  if (::unlinkat(directory->get(), fresh.c_str(), 0) != 0 && errno != ENOENT) return Failed(errno);
  if (::symlinkat(target.c_str(), directory->get(), fresh.c_str()) != 0 ||
      ::renameat(directory->get(), fresh.c_str(), directory->get(), name.c_str()) != 0) {
    return Failed(errno);
  }
  return absl::OkStatus();
}

absl::Status MirrorLinks::Withdraw(const std::string& name) const {
  const bool gone =
      ::unlinkat(daemon_dir_, absl::StrCat(kMirrorLinks, "/", name).c_str(), 0) == 0 || errno == ENOENT;
  return gone ? absl::OkStatus() : Failed(errno);
}

std::vector<std::string> MirrorLinks::List() const {
  Result<UniqueFd> directory = OpenDirectory();
  if (!directory.ok()) return {};
  std::vector<std::string> names =
      NamesIn(directory->get(), kMirrorLinks).value_or(std::vector<std::string>());
  std::erase_if(names, [](const std::string& name) { return name[0] == '.'; });
  return names;
}

}  // namespace reloc
