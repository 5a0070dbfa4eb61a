// mirror_pack plain|graft PACK CACHE DAEMON_DIR
//
// Makes a mirror and publishes it to launches, as a relocd in DAEMON_DIR would, and prints where the link
// leads.
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "reloc/graft/graft_filter.h"
#include "reloc/graft/graft_paths.h"
#include "reloc/launch/mirror_link.h"
#include "reloc/mirror/mirror_maker.h"
#include "reloc/pack/files.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

constexpr uint64_t kLimit = uint64_t{10} << 30;

absl::Status Publish(const Mirror& mirror, const std::string& target, const std::string& daemon_dir) {
  const std::string directory = absl::StrCat(daemon_dir, "/", kMirrorLinks);
  RELOC_RETURN_IF_ERROR(MakeDirectories(directory));
  const std::string link = absl::StrCat(directory, "/", MirrorName(mirror.id));
  if (::symlink(target.c_str(), link.c_str()) != 0)
    return SystemError(errno, absl::StrCat("cannot create ", link));
  printf("%s\n", target.c_str());
  return absl::OkStatus();
}

absl::Status Run(const std::string& kind, const std::string& pack, const std::string& cache_dir,
                 const std::string& daemon_dir) {
  RELOC_ASSIGN_OR_RETURN(MirrorCache cache, MirrorCache::Open(cache_dir, kLimit));
  MirrorRequest request;
  request.pack = pack;
  request.kind = ParseMirrorKind(kind).value_or(MirrorKind::kPlain);
  if (request.kind == MirrorKind::kPlain) {
    RELOC_ASSIGN_OR_RETURN(Mirror mirror, MakeMirror(cache, request));
    return Publish(mirror, mirror.path, daemon_dir);
  }
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<GraftFilter> filter, GraftFilter::Create(cache, pack));
  request.filter = filter.get();
  RELOC_ASSIGN_OR_RETURN(Mirror mirror, MakeMirror(cache, request));
  filter->Keep(mirror);
  RELOC_ASSIGN_OR_RETURN(std::string path, ReadGraftPath(mirror.path));
  return Publish(mirror, path, daemon_dir);
}

}  // namespace
}  // namespace reloc

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  absl::Status done = reloc::Run(argv[1], argv[2], argv[3], argv[4]);
  if (done.ok()) return 0;
  fprintf(stderr, "mirror_pack: %s\n", std::string(done.message()).c_str());
  return 1;
}
