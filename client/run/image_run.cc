#include "client/run/image_run.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/base/run_target.h"
#include "reloc/hosted/text.h"
#include "reloc/launch/engines.h"
#include "reloc/launch/image_launch.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/root_builder.h"

namespace reloc {
namespace {

std::string PathInRoot(const ImageTarget& target) {
  return absl::StrCat(kImagePackDir, "/", Text(target.inside));
}

int Fail(const LaunchLog& log, string_view line) {
  log.Error(line);
  return kExitFailed;
}

// Returns 0, or the exit status to end with. Only the engine userns gives a program a root, where an image
// can be mounted.
int Enter(const RunOptions& options, LaunchRequest* request, const LaunchLog& log) {
  const std::string image(request->image->path.view());
  if (Includes(ChooseEngineChain(options.engine, request->envp), Engine::kUserns))
    return EnterImage(request, log);
  return Fail(log, absl::StrCat(image,
                                ": from an image programs run by the engine userns alone; for another "
                                "one unpack it: unsquashfs -d DIR ",
                                image));
}

// `command`: the caller's argv.
int LaunchTarget(const RunTarget& found, LaunchRequest request, char** command, std::string program,
                 const LaunchLog& log) {
  command[0] = program.data();
  request.entry = found.entry;
  request.plans = {found.plans.data(), found.plans.size()};
  return Launch(request, log);
}

}  // namespace

int RunImage(const RunOptions& options, char** envp, const std::string& daemon_dir, const LaunchLog& log) {
  ImageTarget target;
  if (!FindImageTarget(options.command[0], &target)) {
    return Fail(log, absl::StrCat(options.command[0], ": the image is gone"));
  }
  LaunchRequest request = ImageRequest(target, options.command, envp);
  request.daemon_dir = daemon_dir;
  if (int status = Enter(options, &request, log); status != 0) return status;
  RunTarget found;
  if (!FindEntry(PathInRoot(target), envp, &found)) {
    int status = CompileTarget(PathInRoot(target), envp, &found);
    if (status != 0) {
      // The user knows the image's path, and not where it is mounted.
      log.Error(absl::StrReplaceAll(found.error, {{kImagePackDir, Text(target.image.path.view())}}));
      return status;
    }
  }
  return LaunchTarget(found, request, options.command, PathInRoot(target), log);
}

}  // namespace reloc
