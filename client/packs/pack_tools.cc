#include "client/packs/pack_tools.h"

#include <errno.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/base/format.h"
#include "client/base/installation.h"
#include "client/base/progress.h"
#include "client/base/report.h"
#include "client/base/watched_work.h"
#include "reloc/cli/output.h"
#include "reloc/engine/compile.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<PackRuntime> ReadRuntime(const fs::path& directory) {
  PackRuntime runtime{.shim = directory / "shim", .libraries = {}};
  std::error_code error;
  for (fs::directory_iterator file(directory, error), end; !error && file != end; file.increment(error)) {
    std::string name = file->path().filename();
    bool traces = name == "tracee" || name == "proot";  // a static proot is optional in an installation
    if (file->path().extension() == ".so" || traces) runtime.libraries.push_back(file->path());
  }
  if (error) return SystemError(error.value(), absl::StrCat("cannot read ", directory.string()));
  std::sort(runtime.libraries.begin(), runtime.libraries.end());
  return runtime;
}

void PrintSummary(const std::string& verb, const std::string& what, const PackSummary& summary) {
  PrintOut(absl::StrCat(verb, " ", OneLine(what), ": ", Counted(summary.entries, "entry", "entries"), ", ",
                        Counted(summary.items, "item"), ", ", HumanSize(static_cast<double>(summary.bytes)),
                        "\n"));
}

}  // namespace

absl::StatusOr<PackRuntime> FindPackRuntime() {
  RELOC_ASSIGN_OR_RETURN(std::string modules, FindModules());
  return ReadRuntime(modules);
}

namespace {

int MakeHere(const std::string& verb, const std::string& what,
             const std::function<absl::StatusOr<PackSummary>(const PackTools&)>& make) {
  InterruptGuard interrupt;
  absl::StatusOr<PackSummary> summary;
  {
    ProgressBar bar;
    absl::StatusOr<PackRuntime> runtime = FindPackRuntime();
    if (!runtime.ok()) return ReportError(runtime.status());
    summary = make({*std::move(runtime), CompilePlans, bar.callback()});
  }
  if (summary.ok()) {
    for (const std::string& warning : summary->warnings) PrintError("relocctl: warning", warning);
    PrintSummary(verb, what, *summary);
    return FinishOutput(0);
  }
  int status = ReportError(summary.status());
  interrupt.DieIfInterrupted();
  return status;
}

}  // namespace

int MakePack(const std::string& verb, const std::string& what, std::vector<std::string> paths,
             const std::function<absl::StatusOr<PackSummary>(const PackTools&)>& make) {
  paths.push_back(what);
  return RunWatched(std::move(paths), [&](const PathNotes&) { return MakeHere(verb, what, make); });
}

absl::StatusOr<std::vector<EntrySpec>> ParseEntries(const std::vector<std::string>& texts) {
  std::vector<EntrySpec> entries;
  for (const std::string& text : texts) {
    size_t equals = text.find('=');
    if (equals == text.npos || equals + 1 == text.size()) {
      return absl::InvalidArgumentError(absl::StrCat("--entry ", text, ": expected NAME=PATH"));
    }
    entries.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return entries;
}

}  // namespace reloc
