#include "client/run/run_options.h"

#include <string.h>

#include "absl/strings/str_cat.h"
#include "client/run/run_usage.h"
#include "reloc/hosted/suggest.h"
#include "reloc/hosted/text.h"
#include "reloc/launch/engines.h"

namespace reloc {

namespace {

struct Flag {
  std::string_view name;
  void (*set)(RunOptions*);
};
constexpr Flag kFlags[] = {
    {"--help", [](RunOptions* options) { options->help = true; }},
    {"-h", [](RunOptions* options) { options->help = true; }},
    {"--pty", [](RunOptions* options) { options->pty = true; }},
    {"--no-pty", [](RunOptions* options) { options->no_pty = true; }},
    {"--allow-escape", [](RunOptions* options) { options->allow_escape = true; }},
};

struct Value {
  std::string_view name;
  std::string_view RunOptions::*field;
};
constexpr Value kValues[] = {
    {"--engine", &RunOptions::engine},
    {"--name", &RunOptions::name},
    {"--detach-keys", &RunOptions::detach_keys},
};

bool Place(RunPlacement placement, RunOptions* options) {
  bool twice = options->placement != RunPlacement::kCaller && options->placement != placement;
  if (twice) options->error = "--detach and --supervised exclude each other; see relocctl run --help";
  options->placement = placement;
  return true;
}

bool TakePlacement(std::string_view option, RunOptions* options) {
  if (option == "--detach" || option == "-d") return Place(RunPlacement::kDetached, options);
  if (option == "--supervised") return Place(RunPlacement::kSupervised, options);
  return false;
}

bool TakeFlag(std::string_view option, RunOptions* options) {
  for (const Flag& flag : kFlags) {
    if (option != flag.name) continue;
    flag.set(options);
    return true;
  }
  return false;
}

// Parses `--option VALUE` or `--option=VALUE`; `*rest` is what follows.
bool TakeValue(std::string_view option, char*** rest, RunOptions* options) {
  for (const Value& value : kValues) {
    if (option.starts_with(value.name) && option.substr(value.name.size()).starts_with("=")) {
      options->*value.field = option.substr(value.name.size() + 1);
      return true;
    }
    if (option != value.name) continue;
    if (**rest == nullptr) {
      options->error = absl::StrCat("run: ", Text(option), " needs a value; see relocctl run --help");
    } else {
      options->*value.field = *(*rest)++;
    }
    return true;
  }
  return false;
}

// Parses one option at `*argv` (and its value) and advances. Returns false at PROGRAM or on an error.
bool TakeOption(char*** argv, RunOptions* options) {
  std::string_view option = **argv;
  if (option.empty() || option[0] != '-' || option == "-") return false;
  ++*argv;
  if (option == "--") return false;
  if (!TakePlacement(option, options) && !TakeFlag(option, options) && !TakeValue(option, argv, options)) {
    std::string suggestion = DidYouMean(option, RunOptionNames());
    options->error = absl::StrCat("run: there is no option '", OneLine(Text(option)), "'",
                                  suggestion.empty() ? "; see relocctl run --help" : suggestion);
  }
  return options->error.empty();
}

std::string EngineChoices() {
  std::string names;
  for (size_t i = 1; i < kEngineCount; ++i) absl::StrAppend(&names, EngineName(static_cast<Engine>(i)), ", ");
  return names + "default, performance";
}

std::string Contradiction(const RunOptions& options) {
  if (*options.command == nullptr) return "no program given; see relocctl run --help";
  if (!options.engine.empty() && !ParseEngineChain(options.engine).unknown.empty()) {
    return absl::StrCat("--engine ", OneLine(Text(options.engine)), ": no such engine (", EngineChoices(),
                        ")");
  }
  if (options.pty && options.no_pty) return "--pty and --no-pty exclude each other";
  if (options.placement == RunPlacement::kCaller && (options.pty || !options.name.empty())) {
    return absl::StrCat(options.pty ? "--pty" : "--name",
                        " needs --detach or --supervised; see relocctl run --help");
  }
  absl::StatusOr<DetachKeys> keys = DetachKeys::Parse(options.detach_keys);
  return keys.ok() ? "" : absl::StrCat("--detach-keys: ", keys.status().message());
}

}  // namespace

RunOptions ParseRunOptions(char** argv) {
  RunOptions options;
  while (*argv != nullptr && TakeOption(&argv, &options)) {
  }
  options.command = argv;
  if (options.error.empty() && !options.help) options.error = Contradiction(options);
  return options;
}

}  // namespace reloc
