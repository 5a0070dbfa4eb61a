#include "bench/launching/running.h"

#include <stdio.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "bench/launching/report.h"
#include "bench/launching/sampling.h"
#include "bench/launching/unprivileged.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

// Checks this before minutes of measuring.
absl::Status CheckJsonPlace(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  std::filesystem::path directory = std::filesystem::absolute(path).parent_path();
  if (::access(directory.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("--json ", path, ": uid ", ::geteuid(), " cannot write to ", directory.string()));
}

absl::Status Run(char** argv, const std::string& json,
                 const std::function<absl::Status(pb::Benchmark* report)>& measure) {
  RELOC_RETURN_IF_ERROR(BecomeOrdinaryUser(argv));
  RELOC_RETURN_IF_ERROR(CheckJsonPlace(json));
  CatchInterrupts();
  pb::Benchmark report;
  DescribeRun(&report);
  RELOC_RETURN_IF_ERROR(measure(&report));
  PrintReport(report);
  return json.empty() ? absl::OkStatus() : WriteJson(report, json);
}

}  // namespace

int RunBenchmark(char** argv, const std::string& json,
                 const std::function<absl::Status(pb::Benchmark* report)>& measure) {
  absl::Status status = Run(argv, json, measure);
  if (status.ok()) return 0;
  fprintf(stderr, "bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace reloc::bench
