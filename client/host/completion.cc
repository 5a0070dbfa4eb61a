#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/base/control_client.h"
#include "client/base/mirror_list.h"
#include "client/base/report.h"
#include "client/host/commands.h"
#include "client/host/completion/complete.h"
#include "client/host/completion/scripts.h"
#include "reloc/hosted/text.h"
#include "reloc/launch/image_server.h"
#include "reloc/launch/pack_image.h"
#include "reloc/pack/host_command.h"

namespace reloc {
namespace {

// A user has pressed a key and waits.
constexpr unsigned kTimeoutSeconds = 1;

constexpr char kFooter[] =
    "The scripts are installed in share/, where shells find them if relocctl is installed below /usr or "
    "/usr/local. Else load them in the shell's profile:\n"
    "\n"
    "Examples:\n"
    "  source <(relocctl completion bash)      ~/.bashrc\n"
    "  source <(relocctl completion zsh)       ~/.zshrc, after compinit\n"
    "  relocctl completion fish | source       ~/.config/fish/config.fish";

// Lists ids, and the names that only one job has.
std::vector<Candidate> ListJobs(bool ended) {
  auto client = ControlClient::ConnectQuietly();
  if (!client.ok()) return {};
  auto jobs = (*client)->ListJobs(ended);
  std::vector<Candidate> candidates;
  if (!jobs.ok()) return {};
  std::map<std::string, int> names;
  for (const relocd::v1::Job& job : *jobs) ++names[job.name()];
  for (const relocd::v1::Job& job : *jobs) {
    candidates.push_back({job.id(), absl::StrJoin(job.argv(), " ").substr(0, 48)});
    if (names[job.name()] == 1) candidates.push_back({job.name(), absl::StrCat("job ", job.id())});
  }
  return candidates;
}

std::vector<Candidate> ListMirrorNames() {
  auto client = ControlClient::ConnectQuietly();
  if (!client.ok()) return {};
  auto list = ListMirrors(**client);
  std::vector<Candidate> candidates;
  if (!list.ok()) return {};
  for (const relocd::v1::Mirror& mirror : list->mirrors()) {
    if (!mirror.name().empty()) candidates.push_back({ShortMirrorName(mirror.name()), mirror.pack()});
  }
  return candidates;
}

// Lists the entries of an image; the shell finds no files in one. Completion must not mount anything: a
// confined process reads the names.
std::vector<Candidate> ListImageEntries(const std::string& word) {
  PathText image, reader;
  string_view inside;
  if (!SplitImagePath(word, &image, &inside) || !FindImageServer(&reader).ok()) return {};
  absl::StatusOr<CommandResult> listed = RunCommand({reader.c_str(), "-l", image.c_str()});
  std::vector<Candidate> candidates;
  if (!listed.ok() || listed->exit_code != 0) return {};
  for (absl::string_view name : absl::StrSplit(listed->output, '\0', absl::SkipEmpty())) {
    candidates.push_back({absl::StrCat(image.c_str(), "/bin/", name), ""});
  }
  return candidates;
}

const char* FilesName(Completion::Files files) {
  switch (files) {
    case Completion::Files::kAll:
      return "all";
    case Completion::Files::kDirectories:
      return "directories";
    default:
      return "none";
  }
}

}  // namespace

void AddCompletionCommand(CLI::App& app, int* exit_status) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      app.add_subcommand("completion", "Print what makes a shell complete relocctl's command lines");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer(kFooter);
  completion->callback([shell, exit_status] {
    PrintOut(std::string(CompletionScript(*shell)));
    *exit_status = FinishOutput(0);
  });
}

int PrintCompletion(const CLI::App& app, const std::vector<std::string>& words) {
  // If the daemon does not answer, there are no candidates.
  ::signal(SIGALRM, [](int) { ::_exit(0); });
  ::alarm(kTimeoutSeconds);
  Completion completion = Complete(app, words, {ListJobs, ListMirrorNames, ListImageEntries});
  PrintOut(absl::StrCat(FilesName(completion.files), "\n"));
  for (const Candidate& candidate : completion.candidates) {
    // Text that cannot be shown unescaped cannot be typed either.
    if (OneLine(candidate.text) != candidate.text) continue;
    PrintOut(absl::StrCat(candidate.text, "\t", OneLine(candidate.meaning), "\n"));
  }
  return FinishOutput(0);
}

}  // namespace reloc
