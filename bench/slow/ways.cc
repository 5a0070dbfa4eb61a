#include "bench/slow/ways.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/launching/mirrors.h"
#include "bench/launching/packs.h"
#include "bench/launching/process.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/mirror_link.h"

namespace reloc::bench {
namespace {

namespace fs = std::filesystem;

constexpr double kMirrorMust = 1.15, kMirrorAim = 1.02;
constexpr double kImageMust = 1.5, kImageAim = 1.2;

// Returns whether the help of `command` mentions `what`.
absl::StatusOr<bool> Knows(const Workspace& workspace, const std::vector<std::string>& command,
                           absl::string_view what) {
  std::vector<std::string> arguments = {workspace.Program("relocctl")};
  arguments.insert(arguments.end(), command.begin(), command.end());
  arguments.emplace_back("--help");
  RELOC_ASSIGN_OR_RETURN(Captured help, Capture(Command(arguments, workspace.BaseEnvironment())));
  return absl::StrContains(help.output, what);
}

absl::StatusOr<std::unique_ptr<Daemon>> StartDaemon(const Workspace& workspace, const std::string& name,
                                                    const std::vector<std::string>& options) {
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, name, options));
  return std::make_unique<Daemon>(std::move(daemon));
}

std::vector<std::string> Concat(std::vector<std::string> front, const std::vector<std::string>& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

Environment Launch(const Daemon& daemon, const Load& load, const std::string& engine) {
  return With(With(daemon.environment(), load.environment), {{"RELOC_ENGINE", engine}});
}

// Returns the path that replaces the store prefix in the grafted mirror. `said` is relocctl's output: "mirror
// NAME of...".
absl::StatusOr<std::string> GraftPath(const Daemon& daemon, const std::string& said) {
  const std::vector<std::string> words = absl::StrSplit(said, ' ');
  return ReadSymlink(fs::path(daemon.directory()) / kMirrorLinks / (words.size() > 1 ? words[1] : ""));
}

}  // namespace

absl::StatusOr<Daemons> Daemons::Start(const Workspace& workspace, const std::string& mirror_dir) {
  Daemons daemons;
  RELOC_ASSIGN_OR_RETURN(daemons.images_, Knows(workspace, {"pack", "create"}, ".sqfs"));
  RELOC_ASSIGN_OR_RETURN(bool mirrors, Knows(workspace, {"mirrors", "add"}, "relocctl mirrors add"));
  std::vector<std::string> options;
  if (mirrors) options = {"--mirror-after", "0"};  // only those that are requested
  RELOC_ASSIGN_OR_RETURN(daemons.plain_, StartDaemon(workspace, "plain", options));
  if (!mirrors) return daemons;
  options = Concat(options, {"--mirror-dir", mirror_dir});
  RELOC_ASSIGN_OR_RETURN(daemons.mirroring_, StartDaemon(workspace, "mirroring", options));
  return daemons;
}

absl::StatusOr<std::vector<Way>> Daemons::MakeWays(const Workspace& workspace, const SlowFiles& files,
                                                   const Load& load) const {
  const std::string entry = files.Slowly(load.entry);
  const std::string pack = fs::path(entry).parent_path().parent_path();
  const std::vector<std::string> launch = Concat({entry}, load.arguments);
  const Environment served = Launch(*plain_, load, "userns");
  std::vector<Way> ways;
  ways.push_back({.variant = {.id = kLocal,
                              .description = "from the local disk",
                              .arguments = Concat({load.entry}, load.arguments),
                              .environment = served,
                              .evidence = kJoinedEvidence}});
  ways.push_back({.variant = {.id = kSlow,
                              .description = "from the slow file system, cold",
                              .arguments = launch,
                              .environment = served,
                              .evidence = kJoinedEvidence},
                  .cold = true});
  if (mirroring_ != nullptr) {
    ways.push_back(MirrorWay(workspace, pack, "plain",
                             {.id = kMirror,
                              .description = "with a plain mirror, cold",
                              .arguments = launch,
                              .environment = Launch(*mirroring_, load, "userns"),
                              .evidence = kJoinedEvidence}));
    Way again = ways.back();
    again.variant.id = "mirror_again";
    again.variant.description = "with a plain mirror, not cold";
    again.cold = false;
    ways.push_back(std::move(again));
    ways.push_back(MirrorWay(workspace, pack, "graft",
                             {.id = kGraft,
                              .description = "with a grafted mirror, cold",
                              .arguments = launch,
                              .environment = Launch(*mirroring_, load, "graft")}));
  }
  if (images_) {
    const std::string image =
        absl::StrCat(fs::path(load.entry).parent_path().parent_path().string(), ".sqfs");
    RELOC_RETURN_IF_ERROR(CreatePack(workspace, image, load.packing));
    const std::string program =
        absl::StrCat(files.Slowly(image), "/bin/", fs::path(entry).filename().string());
    ways.push_back(
        {.variant = {.id = "image",
                     .description = "from a one-file pack, second launch",
                     .arguments = Concat({workspace.Program("relocctl"), "run", program}, load.arguments),
                     .environment = served,
                     .must = kImageMust,
                     .aim = kImageAim}});
  }
  return ways;
}

// Makes the mirror of `kind` for `variant`.
Way Daemons::MirrorWay(const Workspace& workspace, const std::string& pack, const std::string& kind,
                       Variant variant) const {
  variant.must = kMirrorMust;
  variant.aim = kMirrorAim;
  Way way{.variant = std::move(variant), .cold = true};
  absl::StatusOr<Captured> made =
      Capture(Command({workspace.Program("relocctl"), "mirrors", "add", "--wait", "--kind", kind, pack},
                      mirroring_->environment()));
  way.ready = made.status();
  if (made.ok() && !made->succeeded()) way.ready = absl::UnavailableError(ErrorOf(*made));
  if (!way.ready.ok() || kind != "graft") return way;
  absl::StatusOr<std::string> path = GraftPath(*mirroring_, made->output);
  way.ready = path.status();
  if (path.ok()) way.variant.environment = InGraft(way.variant.environment, *path);
  return way;
}

}  // namespace reloc::bench
