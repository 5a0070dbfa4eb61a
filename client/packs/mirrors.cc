#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/base/answering.h"
#include "client/base/control_client.h"
#include "client/base/mirror_list.h"
#include "client/base/progress.h"
#include "client/base/report.h"
#include "client/base/watched_work.h"
#include "client/packs/commands.h"
#include "reloc/cli/output.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/job/daemon_place.h"
#include "reloc/launch/pack_image.h"
#include "reloc/mirror/cache_dir.h"
#include "reloc/pack/manifest.h"

namespace reloc {
namespace {

using relocd::v1::MirrorProgress;

struct AddOptions {
  std::string pack;
  std::string kind = "plain";
  bool wait = false;
};

struct PruneOptions {
  std::vector<std::string> mirrors;
  bool all = false;
};

// Asks the daemon. If another user has its directory and no daemon runs in the second place, lists the
// default cache instead.
absl::StatusOr<relocd::v1::ListMirrorsResponse> FindMirrors() {
  absl::StatusOr<std::unique_ptr<ControlClient>> client = ControlClient::ConnectQuietly();
  if (client.ok()) return ListMirrors(**client);
  RELOC_ASSIGN_OR_RETURN(DaemonPlace place, FindDaemonPlace(environ));
  const bool is_taken = !place.taken.empty() && absl::IsNotFound(client.status());
  if (!is_taken && !HasOwnState(client.status())) return client.status();
  PrintError("relocctl: warning", "no daemon can be asked: only what is in the cache is shown");
  const std::string cache = MirrorDir("", place.dir);
  absl::StatusOr<std::string> bytes = TryInChild(kFileTimeout, [&]() -> absl::StatusOr<std::string> {
    RELOC_ASSIGN_OR_RETURN(relocd::v1::ListMirrorsResponse list, ReadMirrors(cache));
    return list.SerializeAsString();
  });
  if (absl::IsDeadlineExceeded(bytes.status())) return DoesNotAnswer(cache);
  RELOC_RETURN_IF_ERROR(bytes.status());
  relocd::v1::ListMirrorsResponse list;
  list.ParseFromString(*bytes);
  return list;
}

absl::Status List(const std::string& format) {
  RELOC_ASSIGN_OR_RETURN(relocd::v1::ListMirrorsResponse list, FindMirrors());
  if (!list.error().empty()) {
    PrintError("relocctl: warning", absl::StrCat("no mirrors can be made: ", list.error()));
  }
  PrintOut(format == "json" ? MirrorsJson(list) : MirrorsTable(list));
  return FlushOut();
}

// Reads a stream of progress to its last message, with a bar on a terminal. Cancelled if a signal came; the
// daemon continues.
template <typename Start>
absl::StatusOr<MirrorProgress> Watch(const ControlClient& client, Start start) {
  InterruptGuard interrupt;
  MirrorProgress message;
  absl::Status ended;
  {
    ProgressBar bar;
    ProgressCallback show = bar.callback();
    ended = client.Call(
        [&](grpc::ClientContext* context) {
          auto reader = start(context);
          while (reader->Read(&message)) {
            if (!show({message.stage(), message.done(), message.total()})) context->TryCancel();
          }
          return reader->Finish();
        },
        CallKind::kLasting);
  }
  interrupt.DieIfInterrupted();
  if (!ended.ok()) return ended;
  return message;
}

// Reports errors of the pack itself at once, and not by a mirror that never appears.
absl::StatusOr<std::string> FindPack(const std::string& pack) {
  std::error_code error;
  std::string path = std::filesystem::canonical(pack, error);
  if (error) return SystemError(error.value(), pack);
  PackImage image;
  Failure failure;
  if (OpenPackImage(path.c_str(), &image).ok() && CheckImage(image, &failure)) {
    return absl::InvalidArgumentError(
        absl::StrCat(pack, ": an image needs no mirror; where it is slow, copy it: it is one file"));
  }
  RELOC_RETURN_IF_ERROR(LoadManifest(path).status());
  return path;
}

absl::Status Add(const ControlClient& client, const AddOptions& options, const std::string& pack) {
  auto stub = relocd::v1::Mirrors::NewStub(client.channel());
  relocd::v1::AddMirrorRequest request;
  request.set_pack(pack);
  request.set_kind(options.kind);
  request.set_wait(options.wait);
  RELOC_ASSIGN_OR_RETURN(MirrorProgress last, Watch(client, [&](grpc::ClientContext* context) {
                           return stub->Add(context, request);
                         }));
  PrintOut(options.wait
               ? absl::StrCat("mirror ", OneLine(last.mirror().name()), " of ", OneLine(pack), " is ready\n")
               : absl::StrCat("relocd mirrors ", OneLine(pack), "; see relocctl mirrors ls\n"));
  return FlushOut();
}

// Notes the cache, and the packs of the mirrors, which the daemon may read for us.
absl::Status NotePaths(const ControlClient& client, const PathNotes& notes) {
  absl::StatusOr<relocd::v1::ListMirrorsResponse> list = ListMirrors(client);
  RELOC_RETURN_IF_ERROR(list.status());
  notes.Add(list->dir());
  for (const relocd::v1::Mirror& mirror : list->mirrors()) {
    notes.Add(mirror.pack());
    if (!mirror.path().empty()) notes.Add(mirror.path());
  }
  return absl::OkStatus();
}

int RunAdd(const AddOptions& options, const PathNotes& notes) {
  auto client = ControlClient::Connect();
  if (!client.ok()) return ExitStatus(client.status());
  absl::Status answers = options.wait ? NotePaths(**client, notes) : absl::OkStatus();
  if (!answers.ok()) return ExitStatus(answers);
  absl::StatusOr<std::string> pack = FindPack(options.pack);
  if (!pack.ok()) return ReportError(pack.status());
  return ExitStatus(Add(**client, options, *pack));
}

absl::Status Prune(const PruneOptions& options, const PathNotes& notes) {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  RELOC_RETURN_IF_ERROR(NotePaths(*client, notes));
  auto stub = relocd::v1::Mirrors::NewStub(client->channel());
  relocd::v1::PruneMirrorsRequest request;
  request.mutable_mirrors()->Assign(options.mirrors.begin(), options.mirrors.end());
  request.set_all(options.all);
  relocd::v1::PruneMirrorsResponse pruned;
  RELOC_RETURN_IF_ERROR(
      client->Call([&](grpc::ClientContext* context) { return stub->Prune(context, request, &pruned); },
                   CallKind::kLasting));
  PrintOut(absl::StrCat(pruned.removed_size(), " removed, ", pruned.used_size(), " in use, ",
                        HumanSize(static_cast<double>(pruned.freed())), " freed\n"));
  RELOC_RETURN_IF_ERROR(FlushOut());
  if (options.mirrors.empty() || pruned.used().empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("programs run from ", pruned.used(0), "; relocctl ps shows them"));
}

absl::StatusOr<MirrorProgress> Verify(const ControlClient& client, const std::vector<std::string>& mirrors) {
  auto stub = relocd::v1::Mirrors::NewStub(client.channel());
  relocd::v1::VerifyMirrorsRequest request;
  request.mutable_mirrors()->Assign(mirrors.begin(), mirrors.end());
  return Watch(client, [&](grpc::ClientContext* context) { return stub->Verify(context, request); });
}

// At this point programs run from the packs.
void PrintFixes(const ControlClient& client, const MirrorProgress& verified) {
  absl::StatusOr<relocd::v1::ListMirrorsResponse> list = ListMirrors(client);
  if (!list.ok()) return;
  for (const relocd::v1::Mirror& mirror : list->mirrors()) {
    const auto& found = verified.differences();
    const bool damaged = std::any_of(found.begin(), found.end(),
                                     [&](const auto& each) { return each.mirror() == mirror.name(); });
    if (!damaged) continue;
    PrintError("relocctl",
               absl::StrCat("mirror ", ShortMirrorName(mirror.name()),
                            " is damaged, and programs run from its pack now; ", MirrorFix(mirror)));
  }
}

int RunVerify(const std::vector<std::string>& mirrors, const PathNotes& notes) {
  auto client = ControlClient::Connect();
  if (!client.ok()) return ExitStatus(client.status());
  if (absl::Status answers = NotePaths(**client, notes); !answers.ok()) return ExitStatus(answers);
  absl::StatusOr<MirrorProgress> verified = Verify(**client, mirrors);
  if (!verified.ok()) return ExitStatus(verified.status());
  for (const relocd::v1::MirrorDifference& difference : verified->differences()) {
    PrintOut(OneLine(absl::StrCat(difference.mirror(), ": ", difference.path(), " ", difference.what())) +
             "\n");
  }
  if (verified->differences().empty()) return FinishOutput(0);
  PrintFixes(**client, *verified);
  return FinishOutput(1);
}

void AddLs(CLI::App* mirrors, int* exit_status) {
  auto format = std::make_shared<std::string>();
  CLI::App* ls = mirrors->add_subcommand("ls", "List them, with what is being made");
  AddFormatOption(ls, format.get());
  ls->footer(
      "SIZE is what only this mirror takes on the disk: mirrors share the files that they have in common.\n"
      "\n"
      "Examples:\n"
      "  relocctl mirrors ls\n"
      "  relocctl mirrors ls --format json | jq '.[] | select(.jobs == 0) | .name'");
  ls->callback([format, exit_status] { *exit_status = ExitStatus(List(*format)); });
}

void AddAdd(CLI::App* mirrors, int* exit_status) {
  auto options = std::make_shared<AddOptions>();
  CLI::App* add = mirrors->add_subcommand("add", "Have a pack mirrored");
  add->add_option("PACK", options->pack, "The pack's directory")->required();
  add->add_option("--kind", options->kind,
                  "plain: as it is; graft: with its paths rewritten, for the engine graft")
      ->check(CLI::IsMember({"plain", "graft"}))
      ->capture_default_str();
  add->add_flag("-w,--wait", options->wait, "Wait until the mirror is ready; ^C only ends the waiting");
  add->footer(
      "Programs run from the pack until the mirror is ready, and those that run go on as they are.\n"
      "\n"
      "Examples:\n"
      "  relocctl mirrors add /nfs/tools/pack\n"
      "  relocctl mirrors add --wait pack && pack/bin/python3 job.py");
  add->callback([options, exit_status] {
    *exit_status =
        RunWatched({options->pack}, [&](const PathNotes& notes) { return RunAdd(*options, notes); });
  });
}

void AddPrune(CLI::App* mirrors, int* exit_status) {
  auto options = std::make_shared<PruneOptions>();
  CLI::App* prune = mirrors->add_subcommand("prune", "Remove mirrors that no job uses");
  prune->add_option(
      "MIRROR", options->mirrors,
      "Names, or beginnings of one. Default: those whose pack is gone or has changed, and damaged "
      "ones");
  prune->add_flag("-a,--all", options->all, "All that no job uses");
  prune->footer(
      "Examples:\n"
      "  relocctl mirrors prune\n"
      "  relocctl mirrors prune 0b5f\n"
      "  relocctl mirrors prune --all");
  prune->callback([options, exit_status] {
    *exit_status = RunWatched({}, [&](const PathNotes& notes) { return ExitStatus(Prune(*options, notes)); });
  });
}

void AddVerify(CLI::App* mirrors, int* exit_status) {
  auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* verify =
      mirrors->add_subcommand("verify", "Compare every file of mirrors with what it was made of");
  verify->add_option("MIRROR", *names, "Names, or beginnings of one. Default: all");
  verify->footer(
      "Prints one line for each difference; exit status 1 if there is one. A mirror with differences is not\n"
      "used any more; `relocctl mirrors add PACK` makes it again.\n"
      "\n"
      "Examples:\n"
      "  relocctl mirrors verify");
  verify->callback([names, exit_status] {
    *exit_status = RunWatched({}, [&](const PathNotes& notes) { return RunVerify(*names, notes); });
  });
}

}  // namespace

void AddMirrorsCommand(CLI::App& app, int* exit_status) {
  CLI::App* mirrors = app.add_subcommand("mirrors", "Copies of packs on this host's own disk");
  mirrors->require_subcommand(1);
  AddLs(mirrors, exit_status);
  AddAdd(mirrors, exit_status);
  AddPrune(mirrors, exit_status);
  AddVerify(mirrors, exit_status);
}

}  // namespace reloc
