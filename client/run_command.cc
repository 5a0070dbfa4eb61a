#include "client/run_command.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "client/run_target.h"
#include "client/run_usage.h"
#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/cli/suggest.h"
#include "reloc/launch/engine_chain.h"
#include "reloc/launch/launcher.h"
#include "reloc/pack/text.h"

namespace reloc {
namespace {

struct RunOptions {
  std::string_view engine;
  char** command = nullptr;  // PROGRAM [ARG...]
  bool help = false;
  std::string error;
};

bool NeedsDaemonPlacement(std::string_view option) {
  for (std::string_view name :
       {"--detach", "-d", "--supervised", "--pty", "--no-pty", "--name", "--allow-escape"}) {
    if (option == name || option.starts_with(absl::StrCat(Text(name), "="))) return true;
  }
  return false;
}

// Takes one option at `*argv` (and its value) and moves on. False at PROGRAM or on an error.
bool TakeOption(char*** argv, RunOptions* options) {
  std::string_view option = **argv;
  if (option.empty() || option[0] != '-' || option == "-") return false;
  ++*argv;
  if (option == "--") return false;
  if (option == "--help" || option == "-h") {
    options->help = true;
  } else if (option == "--engine" && **argv != nullptr) {
    options->engine = *(*argv)++;
  } else if (option.starts_with("--engine=")) {
    options->engine = option.substr(strlen("--engine="));
  } else if (NeedsDaemonPlacement(option)) {
    options->error =
        absl::StrCat(Text(option), ": launching through the daemon is not available in this version");
  } else {
    std::string suggestion = DidYouMean(option, RunOptionNames());
    options->error = absl::StrCat("run: there is no option '", Text(option), "'",
                                  suggestion.empty() ? "; see relocctl run --help" : suggestion);
  }
  return options->error.empty();
}

RunOptions ParseOptions(char** argv) {
  RunOptions options;
  while (*argv != nullptr && TakeOption(&argv, &options)) {
  }
  options.command = argv;
  if (options.error.empty() && !options.help && *argv == nullptr) {
    options.error = "no program given; see relocctl run --help";
  }
  if (options.error.empty() && !options.engine.empty() && !ParseEngineChain(options.engine).unknown.empty()) {
    options.error = absl::StrCat("--engine ", Text(options.engine),
                                 ": no such engine (userns, fakechroot, proot, graft, default, performance)");
  }
  return options;
}

int Launch(const RunOptions& options, const RunTarget& target, char** envp, const Trace& trace) {
  return Launch({.pack_dir = target.pack_dir,
                 .entry = target.entry,
                 .plans = {target.plans.data(), target.plans.size()},
                 .argv = options.command,
                 .envp = envp,
                 .engine = options.engine},
                trace);
}

}  // namespace

std::optional<int> RunEntry(char** argv, char** envp) {
  Trace trace("relocctl", EnvValue(envp, "RELOC_DEBUG") == "1");
  if (!ReserveStandardFds().ok()) return kExitFailed;
  RunOptions options = ParseOptions(argv + 1);
  if (options.help) return std::nullopt;
  if (!options.error.empty()) {
    trace.Error(options.error);
    return kExitFailed;
  }
  RunTarget target;
  if (!FindEntry(options.command[0], envp, &target)) return std::nullopt;
  return Launch(options, target, envp, trace);
}

std::optional<int> RunCommand(char** argv, char** envp) {
  Trace trace("relocctl", EnvValue(envp, "RELOC_DEBUG") == "1");
  RunOptions options = ParseOptions(argv + 1);
  if (options.help) return std::nullopt;
  RunTarget target;
  if (int status = CompileTarget(options.command[0], envp, &target); status != 0) {
    trace.Error(target.error);
    return status;
  }
  return Launch(options, target, envp, trace);
}

}  // namespace reloc
