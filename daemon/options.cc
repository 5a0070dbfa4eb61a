#include "daemon/options.h"

#include <stdio.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/config_file.h"
#include "daemon/config_layers.h"
#include "daemon/metrics/listen_address.h"
#include "daemon/metrics/textfile.h"
#include "reloc/cli/help.h"
#include "reloc/cli/manual.h"
#include "reloc/cli/mistake.h"
#include "reloc/cli/output.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/root_registry.h"

namespace reloc {
namespace {

constexpr const char* kNever = "never";

// For durations, as a check: the value stays a text until all were checked.
std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  bool valid = absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration();
  return valid ? "" : absl::StrCat("'", text, "' is not a duration such as 90s, 10m or 1h30m");
}

std::string CheckIdleExit(const std::string& text) { return text == kNever ? "" : CheckDuration(text); }

// Empty turns off what an earlier file turned on.
std::string CheckListen(const std::string& text) {
  return text.empty() ? "" : std::string(ParseListenAddress(text).status().message());
}

std::string CheckMetricsTextfile(const std::string& text) {
  return text.empty() ? "" : std::string(CheckTextfile(text).message());
}

// Empty: the default.
std::string CheckAbsolute(const std::string& text) {
  return text.empty() || text[0] == '/' ? "" : absl::StrCat("'", text, "' is not an absolute path");
}

struct Texts {
  std::string config;
  bool print_config = false;
  std::string idle_exit = kNever;
  std::string metrics_interval = "15s";
  std::string mirror_patience = "60s";
};

// What a file cannot set, as it is about the command line itself.
void AddCommandLineOptions(CLI::App& app, Options* options, Texts* texts) {
  app.set_version_flag("--version", absl::StrCat("relocd ", RELOC_VERSION), "Print the version")
      ->configurable(false);
  app.get_help_ptr()->configurable(false);
  app.add_option(
         "--config", texts->config,
         "Read options from FILE too: lines such as idle-exit = 10m. Read before it, if they are there: "
         "/etc/relocd/relocd.conf, $XDG_CONFIG_HOME/relocd/relocd.conf")
      ->type_name("FILE")
      ->configurable(false);
  app.add_flag("--print-config", texts->print_config, "Print what is in force, and which file says so")
      ->configurable(false);
  app.add_flag("--background", options->background,
               "Log into the state directory unless a log file is set, and close stderr once relocd serves")
      ->configurable(false);
}

void AddMirrorOptions(CLI::App& app, Options* options, Texts* texts) {
  app.add_option(
         "--mirror-dir", options->mirror_dir,
         "Directory for mirrors of packs, on a disk of this host. Default: $XDG_CACHE_HOME/relocd, else "
         "~/.cache/relocd")
      ->type_name("DIR")
      ->check(CheckAbsolute);
  app.add_option("--mirror-limit", options->mirror_limit,
                 "How much room mirrors may take (50G); those used least recently go. 0: no limit")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  app.add_option(
         "--mirror-after", options->mirror_after,
         "Mirror a pack that lies on a network file system once it was launched N times; 0: only when "
         "asked to")
      ->type_name("N")
      ->check(CLI::Range(0U, 1000000U))
      ->capture_default_str();
  app.add_option("--mirror-all", options->mirror_all, "Mirror packs on local disks so too")
      ->type_name("BOOL")
      ->check(CLI::IsMember({"0", "1", "true", "false", "on", "off", "yes", "no"}))
      ->capture_default_str();
  app.add_option("--mirror-patience", texts->mirror_patience,
                 "Give a mirror up when its making has had no progress for so long")
      ->type_name("DURATION")
      ->check(CheckDuration)
      ->capture_default_str();
}

void AddMetricsOptions(CLI::App& app, Options* options, Texts* texts) {
  app.add_option("--metrics-listen", options->metrics.listen,
                 "Show metrics over HTTP at 127.0.0.1:PORT, [::1]:PORT or unix:/PATH. Default: nowhere")
      ->type_name("ADDRESS")
      ->check(CheckListen);
  app.add_option("--metrics-textfile", options->metrics.textfile,
                 "Keep metrics in FILE (*.prom) for node_exporter; %u in it is the user's name, %U the uid")
      ->type_name("FILE")
      ->check(CheckMetricsTextfile);
  app.add_option("--metrics-interval", texts->metrics_interval, "Write that file no more often than this")
      ->type_name("DURATION")
      ->check(CheckDuration)
      ->capture_default_str();
}

// What a file can set too, under the same name.
void AddOptions(CLI::App& app, Options* options, Texts* texts) {
  app.add_option("--dir", options->dir,
                 "Directory of the sockets. Default: $RELOCD_DIR, else $XDG_RUNTIME_DIR/relocd, else "
                 "/tmp/relocd-<uid>")
      ->type_name("DIR");
  app.add_option("--idle-exit", texts->idle_exit,
                 "Stop after DURATION without jobs and clients (10m), or never")
      ->type_name("DURATION")
      ->check(CheckIdleExit)
      ->capture_default_str();
  app.add_option("--max-roots", options->max_roots, "How many roots to keep")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, kRegistrySlots / 2))
      ->capture_default_str();
  app.add_option("--output-limit", options->output_limit,
                 "How much to keep of the output of each job of relocctl run --detach (10M)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  app.add_option("--history-limit", options->history_limit, "How many ended jobs the history keeps")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, size_t{10000000}))
      ->capture_default_str();
  app.add_option("--history-days", options->history_days,
                 "How many days it keeps them; 0: until there are too many")
      ->type_name("N")
      ->check(CLI::Range(0U, 36500U))
      ->capture_default_str();
  app.add_option("--log-level", options->log_level, "How much to log")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-file", options->log_file, "Append the log to FILE instead of writing it to stderr")
      ->type_name("FILE");
  AddMirrorOptions(app, options, texts);
  AddMetricsOptions(app, options, texts);
}

absl::Status ApplyFiles(const Texts& texts, const char* const* envp, ConfigLayers* layers) {
  for (const std::string& file : DefaultConfigFiles(envp)) {
    RELOC_RETURN_IF_ERROR(layers->Apply(file, false));
  }
  return texts.config.empty() ? absl::OkStatus() : layers->Apply(texts.config, true);
}

int Complain(absl::string_view what) {
  PrintError("relocd", what);
  return 2;
}

}  // namespace

int ParseOptions(int argc, char** argv, const char* const* envp, Options* options) {
  CLI::App app("Keeps roots ready for the programs of relocatable packs, and watches them run.", "relocd");
  Texts texts;
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  UseHelp(&app);
  AddCommandLineOptions(app, options, &texts);
  AddOptions(app, options, &texts);
  if (std::optional<int> status = AnswerManual(app, argc, argv)) return *status;
  ConfigLayers layers(&app);
  try {
    // Once to learn of --config, and again for what the files have changed and the command line says
    // otherwise.
    app.parse(argc, argv);
    if (absl::Status bad = ApplyFiles(texts, envp, &layers); !bad.ok()) return Complain(bad.message());
    app.parse(argc, argv);
    options->found_warning = layers.warning();
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return Complain(DescribeMistake(app, error));
  }
  absl::ParseDuration(texts.metrics_interval, &options->metrics.interval);
  absl::ParseDuration(texts.mirror_patience, &options->mirror_patience);
  if (texts.idle_exit != kNever) absl::ParseDuration(texts.idle_exit, &options->idle_exit);
  if (!texts.print_config) return -1;
  Print(layers.Print());
  absl::Status printed = Flush();
  return printed.ok() ? 0 : Complain(printed.message());
}

}  // namespace reloc
