#include "bench/launching/mirrors.h"

#include <errno.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "reloc/graft/graft_filter.h"
#include "reloc/graft/graft_paths.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/mirror_link.h"
#include "reloc/mirror/mirror_maker.h"
#include "reloc/pack/host_import.h"

namespace reloc::bench {

constexpr uint64_t kCacheLimit = uint64_t{10} << 30;

absl::StatusOr<std::string> PublishGraft(const Workspace& workspace, const Daemon& daemon,
                                         const std::string& entry) {
  RELOC_ASSIGN_OR_RETURN(MirrorCache cache, MirrorCache::Open(workspace.Path("cache"), kCacheLimit));
  MirrorRequest request;
  request.pack = std::filesystem::path(entry).parent_path().parent_path();
  request.kind = MirrorKind::kGraft;
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<GraftFilter> filter, GraftFilter::Create(cache, request.pack));
  request.filter = filter.get();
  RELOC_ASSIGN_OR_RETURN(Mirror mirror, MakeMirror(cache, request));
  filter->Keep(mirror);
  RELOC_ASSIGN_OR_RETURN(std::string path, ReadGraftPath(mirror.path));
  const std::string directory = absl::StrCat(daemon.directory(), "/", kMirrorLinks);
  RELOC_RETURN_IF_ERROR(MakeDirectories(directory));
  const std::string link = absl::StrCat(directory, "/", MirrorName(mirror.id));
  if (::symlink(path.c_str(), link.c_str()) == 0 || errno == EEXIST) return path;
  return SystemError(errno, absl::StrCat("cannot create ", link));
}

Environment InGraft(Environment environment, const std::string& graft) {
  const absl::string_view prefix(kHostStorePrefix.data(), kHostStorePrefix.size());
  for (auto& [name, value] : environment) absl::StrReplaceAll({{prefix, graft}}, &value);
  return environment;
}

}  // namespace reloc::bench
