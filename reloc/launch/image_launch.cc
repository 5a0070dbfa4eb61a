#include "reloc/launch/image_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "reloc/base/file.h"
#include "reloc/launch/daemon_session.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/image_root.h"
#include "reloc/launch/image_server.h"
#include "reloc/launch/launch_root.h"
#include "reloc/launch/root_builder.h"

namespace reloc {
namespace {

Plan g_ignored;  // from the daemon's answer: only the root is needed

class ImageLaunch {
 public:
  ImageLaunch(const LaunchRequest& request, const LaunchLog& log, Failure* failure)
      : request_(request), log_(log), failure_(failure) {
    state_.cwd.Save();
  }

  bool JoinShared();
  bool MakeOwn();
  // Returns how the root was entered, as in LaunchRequest.
  const char* way() const { return RootOriginName(origin_); }

 private:
  bool Enter();
  bool IsServed() const;

  const LaunchRequest& request_;
  const LaunchLog& log_;
  Failure* failure_;
  LaunchState state_;
  RootOrigin origin_ = RootOrigin::kOwn;
};

bool ImageLaunch::Enter() {
  const Step steps[] = {{Op::kJoin, 0, {}, {}}, {Op::kRestoreCwd, 0, {}, {}}};
  failure_->Clear();
  Executor(&state_, log_).Enter(steps, failure_);
  return !failure_->failed();
}

bool ImageLaunch::JoinShared() {
  DaemonSession daemon(request_, log_);
  daemon.Open();
  daemon.ReadCaller();
  origin_ = FindSharedRoot(&daemon, request_.image->file.get(), &g_ignored, &state_);
  return origin_ != RootOrigin::kOwn && Enter() && IsServed();
}

// Returns whether the entry can be looked up: a root outlives its image's server if that is killed.
bool ImageLaunch::IsServed() const {
  PathText entry;
  entry << kImagePackDir << "/bin/" << request_.entry;
  const bool served = ::access(entry.c_str(), F_OK) == 0 || (errno != ENOTCONN && errno != ECONNABORTED);
  if (!served) log_.Debug("the image's server has ended");
  return served;
}

bool ImageLaunch::MakeOwn() {
  origin_ = RootOrigin::kOwn;
  if (log_.debug() && !CanFilterSystemCalls())
    log_.Debug("the kernel has no seccomp: the image's server is not confined");
  failure_->Clear();
  if (!EnterImageRoot(*request_.image, failure_)) return false;
  state_.root = RootAccess::kInside;
  return Enter();
}

bool IsInside(const PackImage& image) {
  PathText shown;
  FixedText<128> wanted;
  DescribeImage(image.key, &wanted);
  return ReadLink(AT_FDCWD, kImageIdLink, &shown).ok() && shown.view() == wanted.view();
}

}  // namespace

LaunchRequest ImageRequest(const ImageTarget& target, char* const* argv, char* const* envp) {
  return {.pack_dir = kImagePackDir,
          .entry = BaseName(target.inside),
          .plans = {},
          .argv = argv,
          .envp = envp,
          .engine = EngineName(Engine::kUserns),
          .image = &target.image};
}

int EnterImage(LaunchRequest* request, const LaunchLog& log) {
  if (IsInside(*request->image)) return 0;
  Failure failure;
  ImageLaunch launch(*request, log, &failure);
  if (launch.JoinShared() || launch.MakeOwn()) {
    request->image_way = launch.way();
    return 0;
  }
  FixedText<1024> line;
  line << "cannot run " << request->entry << ": ";
  failure.Describe(&line);
  log.Error(line.view());
  return kExitFailed;
}

bool EnterOwnImage(const PackImage& image, char* const* envp, const LaunchLog& log, Failure* failure) {
  LaunchRequest request{};
  request.envp = envp;
  request.image = &image;
  return ImageLaunch(request, log, failure).MakeOwn();
}

}  // namespace reloc
