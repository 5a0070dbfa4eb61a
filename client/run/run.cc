#include "client/run/run.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "client/base/run_target.h"
#include "client/run/image_run.h"
#include "client/run/placed_run.h"
#include "client/run/run_options.h"
#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/pack_image.h"

namespace reloc {
namespace {

int StartPlaced(const RunOptions& options, char** envp, const LaunchLog& log, JobLaunch launch) {
  if (options.placement == RunPlacement::kCaller) return launch(log, "");
  return RunPlaced(options, envp, log, std::move(launch));
}

int Start(const RunOptions& options, const RunTarget& target, char** envp, const LaunchLog& log) {
  LaunchRequest request{.pack_dir = target.pack_dir,
                        .entry = target.entry,
                        .plans = {target.plans.data(), target.plans.size()},
                        .argv = options.command,
                        .envp = envp,
                        .engine = options.engine};
  return StartPlaced(options, envp, log, [&request](const LaunchLog& job_log, const std::string& daemon_dir) {
    request.daemon_dir = daemon_dir;
    return Launch(request, job_log);
  });
}

// Tries entries of packs first: nothing needs to be looked up for them.
int StartProgram(const RunOptions& options, char** envp, const LaunchLog& log) {
  RunTarget target;
  if (FindEntry(options.command[0], envp, &target)) return Start(options, target, envp, log);
  if (ImageTarget image; FindImageTarget(options.command[0], &image)) {
    return StartPlaced(options, envp, log, [&](const LaunchLog& job_log, const std::string& daemon_dir) {
      return RunImage(options, envp, daemon_dir, job_log);
    });
  }
  if (int status = CompileTarget(options.command[0], envp, &target); status != 0) {
    log.Error(target.error);
    return status;
  }
  return Start(options, target, envp, log);
}

}  // namespace

std::optional<int> RunCommand(char** argv, char** envp) {
  LaunchLog log("relocctl", EnvValue(envp, "RELOC_DEBUG") == "1");
  if (!ReserveStandardFds().ok()) return kExitFailed;
  const RunOptions options = ParseRunOptions(argv + 1);
  if (options.help) return std::nullopt;
  if (!options.error.empty()) {
    log.Error(options.error);
    return kExitFailed;
  }
  return StartProgram(options, envp, log);
}

}  // namespace reloc
