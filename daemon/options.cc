#include "daemon/options.h"

#include <stdio.h>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "daemon/metrics/listen_address.h"
#include "daemon/metrics/textfile.h"
#include "reloc/launch/root_registry.h"

namespace reloc {
namespace {

// For durations, as a check: the value stays a text until all were checked.
std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  bool valid = absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration();
  return valid ? "" : absl::StrCat("'", text, "' is not a duration such as 90s, 10m or 1h30m");
}

// Empty turns off what an earlier file turned on.
std::string CheckListen(const std::string& text) {
  return text.empty() ? "" : std::string(ParseListenAddress(text).status().message());
}

std::string CheckMetricsTextfile(const std::string& text) {
  return text.empty() ? "" : std::string(CheckTextfile(text).message());
}

}  // namespace

int ParseOptions(int argc, char** argv, Options* options) {
  CLI::App app("Keeps roots ready for the programs of relocatable packs, and watches them run.", "relocd");
  std::string idle_exit;
  std::string metrics_interval = "15s";
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
  app.add_option("--log-level", options->log_level, "debug, info, warning, error or off")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-file", options->log_file, "Append the log to FILE instead of writing it to stderr");
  app.add_option("--metrics-listen", options->metrics_listen,
                 "Show metrics over HTTP at 127.0.0.1:PORT, [::1]:PORT or unix:/PATH. Default: nowhere")
      ->type_name("ADDRESS")
      ->check(CheckListen);
  app.add_option("--metrics-textfile", options->metrics_textfile,
                 "Keep metrics in FILE (*.prom) for node_exporter; %u in it is the user's name, %U the uid")
      ->type_name("FILE")
      ->check(CheckMetricsTextfile);
  app.add_option("--metrics-interval", metrics_interval, "Write that file no more often than this")
      ->type_name("DURATION")
      ->check(CheckDuration)
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    fprintf(stderr, "relocd: %s; see relocd --help\n", error.what());
    return 2;
  }
  if (!idle_exit.empty()) absl::ParseDuration(idle_exit, &options->idle_exit);
  absl::ParseDuration(metrics_interval, &options->metrics_interval);
  return -1;
}

}  // namespace reloc
