#include "bench/launching/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/unit/launch/temp_dir.h"

namespace reloc::bench {
namespace {

using testing::HasSubstr;

pb::LaunchTime* AddTime(pb::Benchmark* report, const std::string& name, double ratio) {
  pb::LaunchTime* time = report->comparisons().empty() ? report->add_comparisons()->add_launches()
                                                       : report->mutable_comparisons(0)->add_launches();
  time->set_id(name);
  time->set_description(name);
  time->set_ratio(ratio);
  time->mutable_target()->set_must(1.35);
  time->mutable_target()->set_aim(1.20);
  return time;
}

std::string Printed(const pb::Benchmark& report) {
  testing::internal::CaptureStdout();
  PrintReport(report);
  fflush(stdout);
  return testing::internal::GetCapturedStdout();
}

TEST(PrintReport, MarksWhatMissesAndWhatReachesItsTarget) {
  pb::Benchmark report;
  AddTime(&report, "late", 1.36);
  AddTime(&report, "fair", 1.30);
  AddTime(&report, "fast", 1.10);
  std::string text = Printed(report);
  EXPECT_THAT(text, HasSubstr("1.36!"));
  EXPECT_THAT(text, HasSubstr("1.30 "));
  EXPECT_THAT(text, HasSubstr("1.10*"));
}

TEST(PrintReport, SaysWhyARowIsEmpty) {
  pb::Benchmark report;
  AddTime(&report, "bubblewrap", 0)->set_unavailable("not installed");
  EXPECT_THAT(Printed(report), HasSubstr("not installed"));
}

TEST(WriteJson, AFileThatCannotBeWrittenIsNamed) {
  absl::Status status = WriteJson(pb::Benchmark(), "/no/such/directory/report.json");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no/such/directory/report.json"));
}

TEST(WriteJson, AZeroIsAFigure) {
  TempDir directory;
  pb::Benchmark report;
  pb::Figure* figure = report.add_figures();
  figure->set_id("wake_ups");
  std::string path = directory / "report.json";
  ASSERT_TRUE(WriteJson(report, path).ok());
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("\"value\": 0"));
}

}  // namespace
}  // namespace reloc::bench
