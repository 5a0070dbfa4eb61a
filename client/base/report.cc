#include "client/base/report.h"

#include <CLI/CLI.hpp>

#include "reloc/cli/output.h"
#include "reloc/launch/launcher.h"

namespace reloc {

void PrintOut(const std::string& text) { Print(text); }

absl::Status FlushOut() { return Flush(); }

int ReportError(const absl::Status& status) {
  PrintError("relocctl", status.message());
  return kExitFailed;
}

int ReportMistake(const std::string& mistake) { return ReportError(absl::InvalidArgumentError(mistake)); }

int FinishOutput(int status) {
  absl::Status flushed = FlushOut();
  return flushed.ok() ? status : ReportError(flushed);
}

int ExitStatus(const absl::Status& status) {
  if (status.ok()) return 0;
  int failed = ReportError(status);
  return absl::IsInvalidArgument(status) ? failed : 1;
}

void AddFormatOption(CLI::App* command, std::string* format, const std::vector<std::string>& formats) {
  *format = formats.front();
  command->add_option("--format", *format, "How to print it")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
}

int RunInParts(const std::function<absl::Status(int* exit_status)>& work) {
  int status = 0;
  absl::Status done = work(&status);
  return done.ok() ? status : ExitStatus(done);
}

}  // namespace reloc
