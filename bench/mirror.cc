// Measures how fast a mirror, plain and grafted, is made, against `cp -r` of the same store.
//
//   build/release/bin/mirror_bench PACK [DIRECTORY]    DIRECTORY: where copies are made; default: /tmp
//
// PACK should be on the same disk as the directory. The two alternate, each copy is removed before the next
// is made, and everything is warm in the page cache.
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "reloc/graft/graft_filter.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/status.h"
#include "reloc/mirror/mirror_maker.h"
#include "reloc/pack/manifest.h"

extern char** environ;

namespace reloc {
namespace {

constexpr int kRounds = 9;
constexpr uint64_t kLimit = uint64_t{1} << 40;

absl::Status CopyByCp(const std::string& from, const std::string& to) {
  std::string words[] = {"cp", "-r", from, to};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  pid_t pid = 0;
  if (int error = ::posix_spawnp(&pid, "cp", nullptr, nullptr, argv, environ); error != 0) {
    return SystemError(error, "cannot start cp");
  }
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return SystemError(errno, "cannot wait for cp");
  return status == 0 ? absl::OkStatus() : absl::UnknownError("cp failed");
}

// Times of one way to copy, in milliseconds.
class Times {
 public:
  template <typename Work>
  absl::Status Measure(const Work& work) {
    const absl::Time start = absl::Now();
    RELOC_RETURN_IF_ERROR(work());
    times_.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
    return absl::OkStatus();
  }
  double Median() {
    std::sort(times_.begin(), times_.end());
    return times_[times_.size() / 2];
  }

 private:
  std::vector<double> times_;
};

// Makes it each time, and removes it again.
absl::Status MakeGraft(const MirrorCache& cache, const std::string& pack) {
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<GraftFilter> filter, GraftFilter::Create(cache, pack));
  MirrorRequest request;
  request.pack = pack;
  request.kind = MirrorKind::kGraft;
  request.filter = filter.get();
  return MakeMirror(cache, request).status();
}

absl::Status Run(const std::string& pack, const std::string& directory) {
  RELOC_ASSIGN_OR_RETURN(pb::Manifest manifest, LoadManifest(pack));
  const std::string store = absl::StrCat(pack, manifest.store_prefix());
  const std::string copy = absl::StrCat(directory, "/copy");
  RELOC_ASSIGN_OR_RETURN(MirrorCache cache, MirrorCache::Open(absl::StrCat(directory, "/cache"), kLimit));
  const MirrorRequest request{.pack = pack, .filter = nullptr, .may_evict = {}, .progress = {}};
  Times cp, mirror, graft;
  for (int round = -1; round < kRounds; ++round) {
    Times warming;
    RELOC_RETURN_IF_ERROR((round < 0 ? warming : cp).Measure([&] { return CopyByCp(store, copy); }));
    RELOC_RETURN_IF_ERROR(RemoveTree(copy));
    absl::StatusOr<Mirror> made;
    RELOC_RETURN_IF_ERROR((round < 0 ? warming : mirror).Measure([&] {
      made = MakeMirror(cache, request);
      return made.status();
    }));
    if (round == kRounds - 1) {
      RELOC_ASSIGN_OR_RETURN(MirrorUsage usage, cache.Measure({*made}));
      printf("mirror of %s\n", HumanSize(static_cast<double>(usage.bytes)).c_str());
    }
    RELOC_RETURN_IF_ERROR(cache.Remove(made->id));  // otherwise the graft would share its unchanged files
    RELOC_RETURN_IF_ERROR((round < 0 ? warming : graft).Measure([&] { return MakeGraft(cache, pack); }));
    RELOC_RETURN_IF_ERROR(cache.Remove({made->id.digest, MirrorKind::kGraft}));
  }
  printf("cp -r       %8.1f ms\nmake mirror %8.1f ms   x %.2f\nmake graft  %8.1f ms   x %.2f\n", cp.Median(),
         mirror.Median(), mirror.Median() / cp.Median(), graft.Median(), graft.Median() / cp.Median());
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: mirror_bench PACK [DIRECTORY]\n");
    return 125;
  }
  std::string directory = absl::StrCat(argc > 2 ? argv[2] : "/tmp", "/mirror_bench.XXXXXX");
  if (mkdtemp(directory.data()) == nullptr) {
    fprintf(stderr, "mirror_bench: cannot create %s: %s\n", directory.c_str(), strerror(errno));
    return 1;
  }
  absl::Status status = Run(argv[1], directory);
  status.Update(RemoveTree(directory));
  if (!status.ok()) fprintf(stderr, "mirror_bench: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace reloc

int main(int argc, char** argv) { return reloc::Main(argc, argv); }
