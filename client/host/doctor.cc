#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/base/format.h"
#include "client/base/report.h"
#include "client/host/commands.h"
#include "client/host/doctor/checks.h"
#include "client/host/doctor/timeout.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

const char* HealthName(Health health) {
  return health == Health::kGood ? "OK" : health == Health::kWarning ? "WARN" : "FAIL";
}

// The engines are tried first, because that forks, and gRPC starts threads; they are reported where users
// look for them.
Findings Examine() {
  Findings findings = WithTimeout("installation", CheckInstallation, absl::Seconds(2));
  const Findings engines = CheckEngines();
  for (const Findings& more : {CheckDirectories(), CheckDaemon(), engines, CheckHost()}) {
    findings.insert(findings.end(), more.begin(), more.end());
  }
  return findings;
}

size_t Count(const Findings& findings, Health health) {
  size_t count = 0;
  for (const Finding& finding : findings) count += finding.health == health ? 1 : 0;
  return count;
}

Record FindingRecord(const Finding& finding) {
  return {{"check", JsonText(finding.check)},
          {"health", JsonText(HealthName(finding.health))},
          {"found", JsonText(finding.found)},
          {"cure", finding.fix.empty() ? JsonNull() : JsonText(finding.fix)}};
}

// Not a Table(), which would escape quotes: these lines are sentences.
void PrintLines(const Findings& findings) {
  for (const Finding& finding : findings) {
    std::string fix = finding.fix.empty() ? "" : absl::StrCat(" => ", finding.fix);
    PrintOut(absl::StrFormat("%-4s  %-17s  %s\n", HealthName(finding.health), finding.check,
                             OneLine(finding.found + fix)));
  }
  PrintOut(absl::StrCat("\n", Counted(Count(findings, Health::kFailure), "failure"), ", ",
                        Counted(Count(findings, Health::kWarning), "warning"), "\n"));
}

void PrintJson(const Findings& findings) {
  std::vector<Record> records;
  for (const Finding& finding : findings) records.push_back(FindingRecord(finding));
  PrintOut(ToJson(records) + "\n");
}

int Doctor(const std::string& format) {
  const Findings findings = Examine();
  format == "json" ? PrintJson(findings) : PrintLines(findings);
  absl::Status flushed = FlushOut();
  if (!flushed.ok()) return ExitStatus(flushed);
  return Count(findings, Health::kFailure) == 0 ? 0 : 1;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, int* exit_status) {
  auto format = std::make_shared<std::string>();
  CLI::App* doctor = app.add_subcommand("doctor", "What is wrong on this host, and what to do about it");
  AddFormatOption(doctor, format.get());
  doctor->footer(
      "Each line is OK, WARN (something is slower or missing) or FAIL (something does not work), with the "
      "cure "
      "behind =>.\n"
      "\n"
      "Examples:\n"
      "  relocctl doctor\n"
      "  relocctl doctor --format json");
  doctor->callback([format, exit_status] { *exit_status = Doctor(*format); });
}

}  // namespace reloc
