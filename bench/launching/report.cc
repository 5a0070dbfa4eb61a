#include "bench/launching/report.h"

#include <errno.h>
#include <google/protobuf/util/json_util.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace reloc::bench {
namespace {

// A load above this is not caused by this benchmark alone.
constexpr double kBusy = 1;

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, "model name")) continue;
    std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    return parts.second;
  }
  return "unknown processor";
}

std::string TargetText(bool has_target, const pb::Target& target) {
  return has_target ? absl::StrFormat("%6.2f %6.2f", target.must(), target.aim()) : "";
}

std::string OperationsText(const pb::LaunchTime& time) {
  if (!time.has_operations()) return "";
  std::string text = absl::StrFormat("  %5.0f operations", time.operations());
  if (time.has_lookups_in_vain()) absl::StrAppendFormat(&text, ", %.0f in vain", time.lookups_in_vain());
  return text;
}

char Mark(bool has_target, const pb::Target& target, double value) {
  if (!has_target) return ' ';
  return value > target.must() ? '!' : value <= target.aim() ? '*' : ' ';
}

bool Reaches(const pb::Figure& figure, double limit) {
  return figure.lower_limits() ? figure.value() >= limit : figure.value() <= limit;
}

char Mark(const pb::Figure& figure) {
  if (figure.has_must() && !Reaches(figure, figure.must())) return '!';
  return figure.has_aim() && Reaches(figure, figure.aim()) ? '*' : ' ';
}

std::string Limits(const pb::Figure& figure) {
  if (!figure.has_must()) return "";
  std::string text = absl::StrFormat(" at %s %g", figure.lower_limits() ? "least" : "most", figure.must());
  if (figure.has_aim()) absl::StrAppendFormat(&text, ", aim %g", figure.aim());
  return text;
}

void PrintComparison(const pb::Comparison& report) {
  absl::PrintF("\n%s, %d launches of each kind, interleaved\n\n", report.subject(), report.rounds());
  absl::PrintF("%-40s %9s %9s %7s  %6s %6s\n", "", "median us", "p90 us", "ratio", "must", "aim");
  for (const pb::LaunchTime& time : report.launches()) {
    if (!time.unavailable().empty()) {
      absl::PrintF("%-40s %s\n", time.description(), time.unavailable());
      continue;
    }
    absl::PrintF("%-40s %9.0f %9.0f %7.2f%c %13s%s\n", time.description(), time.median_us(), time.p90_us(),
                 time.ratio(), Mark(time.has_target(), time.target(), time.ratio()),
                 TargetText(time.has_target(), time.target()), OperationsText(time));
  }
  if (report.has_added_of_bubblewrap()) {
    absl::PrintF("\nThe shim without daemon adds %.2f of what bubblewrap adds (aim: less than 0.50)\n",
                 report.added_of_bubblewrap());
  }
}

void PrintGrowth(const pb::Growth& growth) {
  absl::PrintF("\nshim with daemon by number of %s, %d launches each\n\n", growth.of(), growth.rounds());
  absl::PrintF("%10s %10s %10s %7s\n", growth.of(), "native us", "launch us", "ratio");
  for (const pb::GrowthPoint& point : growth.points()) {
    if (!point.unavailable().empty()) {
      absl::PrintF("%10d %s\n", point.count(), point.unavailable());
      continue;
    }
    absl::PrintF("%10d %10.0f %10.0f %7.2f\n", point.count(), point.native_us(), point.launch_us(),
                 point.ratio());
  }
  absl::PrintF("%10s %29.2f%c must %.2f, aim %.2f\n", "growth", growth.growth(),
               Mark(true, growth.target(), growth.growth()), growth.target().must(), growth.target().aim());
}

void PrintFigures(const pb::Benchmark& report) {
  if (!report.figures().empty()) absl::PrintF("\n");
  for (const pb::Figure& figure : report.figures()) {
    absl::PrintF("%-40s %9.2f %-2s%c%s\n", figure.description(), figure.value(), figure.unit(), Mark(figure),
                 Limits(figure));
  }
}

}  // namespace

void DescribeRun(pb::Benchmark* report) {
  struct utsname name = {};
  ::uname(&name);
  report->set_taken_at(absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone()));
  report->mutable_machine()->set_kernel(absl::StrCat(name.sysname, " ", name.release));
  report->mutable_machine()->set_processor(ProcessorName());
  report->mutable_machine()->set_processors(static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  if (double load = 0; ::getloadavg(&load, 1) == 1) report->mutable_machine()->set_load(load);
}

pb::Figure* AddFigure(const std::string& id, const std::string& description, double value,
                      const std::string& unit, pb::Benchmark* report) {
  pb::Figure* figure = report->add_figures();
  figure->set_id(id);
  figure->set_description(description);
  figure->set_value(value);
  figure->set_unit(unit);
  return figure;
}

void PrintReport(const pb::Benchmark& report) {
  const pb::Machine& machine = report.machine();
  absl::PrintF("%s, %s, %d processors, %s, load %.2f\n", report.taken_at(), machine.processor(),
               machine.processors(), machine.kernel(), machine.load());
  if (machine.load() > kBusy) {
    absl::PrintF("The machine is busy: what it does besides is in these figures, too.\n");
  }
  for (const pb::Comparison& comparison : report.comparisons()) PrintComparison(comparison);
  for (const pb::Growth& growth : report.growths()) PrintGrowth(growth);
  PrintFigures(report);
}

absl::Status WriteJson(const pb::Benchmark& report, const std::string& path) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;  // a measured 0 is a figure
  std::string json;
  auto status = google::protobuf::util::MessageToJsonString(report, &json, options);
  if (!status.ok()) return absl::InternalError(status.ToString());
  std::string temporary = absl::StrCat(path, ".tmp-", ::getpid());
  std::ofstream file(temporary);
  file << json << std::flush;
  if (file.good() && ::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  int error = errno;
  ::unlink(temporary.c_str());
  return absl::ErrnoToStatus(error, absl::StrCat("cannot write ", path));
}

}  // namespace reloc::bench
