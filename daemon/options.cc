#include "daemon/options.h"

#include <stdio.h>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "reloc/launch/root_registry.h"

namespace reloc {
namespace {

// For --idle-exit, as a check: the value stays a text until all were checked.
std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  bool valid = absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration();
  return valid ? "" : absl::StrCat("'", text, "' is not a duration such as 90s, 10m or 1h30m");
}

}  // namespace

int ParseOptions(int argc, char** argv, Options* options) {
  CLI::App app("Keeps roots ready for the programs of relocatable packs, and watches them run.", "relocd");
  std::string idle_exit;
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_config("--config", "", "Read options from FILE: lines such as idle-exit = \"10m\"");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_version_flag("--version", absl::StrCat("relocd ", RELOC_VERSION));
  app.add_option("--dir", options->dir,
                 "Directory of the sockets. Default: $RELOCD_DIR, else $XDG_RUNTIME_DIR/relocd, else "
                 "/tmp/relocd-<uid>");
  app.add_option("--idle-exit", idle_exit,
                 "Stop after DURATION without jobs and clients (10m). Default: never")
      ->type_name("DURATION")
      ->check(CheckDuration);
  app.add_option("--max-roots", options->max_roots, "How many roots to keep")
      ->check(CLI::Range(size_t{1}, kRegistrySlots / 2))
      ->capture_default_str();
  app.add_option("--output-limit", options->output_limit,
                 "How much to keep of the output of each job of relocctl run --detach (10M)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  app.add_option("--log-level", options->log_level, "debug, info, warning, error or off")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-file", options->log_file, "Append the log to FILE instead of writing it to stderr");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    fprintf(stderr, "relocd: %s; see relocd --help\n", error.what());
    return 2;
  }
  if (!idle_exit.empty()) absl::ParseDuration(idle_exit, &options->idle_exit);
  return -1;
}

}  // namespace reloc
