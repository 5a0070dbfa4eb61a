#include "reloc/engine/graft.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "reloc/base/file.h"
#include "reloc/launch/graft_path.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

ProgramSpec Program() {
  ProgramSpec spec;
  spec.store_prefix = "/gnu/store";
  spec.program = "/gnu/store/sed/bin/sed";
  spec.digest[0] = 1;
  return spec;
}

Plan Parsed(const std::string& bytes) {
  Plan plan;
  size_t used = 0;
  const char* why = nullptr;
  EXPECT_TRUE(Plan::Parse(bytes, &plan, &used, &why)) << why;
  return plan;
}

TEST(Graft, PlanExecutesWhatIsInTheGraft) {
  const std::string bytes = CompileGraft(Program());
  const Plan plan = Parsed(bytes);
  EXPECT_EQ(plan.engine(), Engine::kGraft);
  ASSERT_EQ(plan.prepare().size(), 1u);
  EXPECT_EQ(plan.prepare()[0].op, Op::kFindGraft);
  EXPECT_EQ(plan.prepare()[0].a, "/gnu/store");
  ASSERT_EQ(plan.enter().size(), 2u);
  EXPECT_EQ(plan.enter()[1].a, "\2/sed/bin/sed");
}

TEST(Graft, RefusesWhatCanHaveNoMirror) {
  ProgramSpec spec = Program();
  spec.digest = {};
  std::string bytes = CompileGraft(spec);
  ASSERT_NE(Parsed(bytes).refusal(), nullptr);
  EXPECT_EQ(Parsed(bytes).refusal()->a, "only packs have mirrors");
  spec = Program();
  spec.store_prefix = "/my/store";
  spec.program = "/my/store/sed/bin/sed";
  bytes = CompileGraft(spec);
  ASSERT_NE(Parsed(bytes).refusal(), nullptr);
  EXPECT_EQ(Parsed(bytes).refusal()->a, "no other path is as short as /my/store");
}

TEST(Graft, ProbeTellsWhetherAMirrorIsReady) {
  TempDir dir;
  UniqueFd fd = *Open(dir.path().c_str(), O_PATH | O_DIRECTORY);
  const std::string bytes = CompileGraft(Program());
  EngineReport report = ProbeGraft(Parsed(bytes), fd.get());
  EXPECT_FALSE(report.works);
  EXPECT_EQ(report.obstacle, kNoGraftedMirror);
  EXPECT_EQ(report.fix, kGraftFix);
  const std::string name = "mirrors/01" + std::string(30, '0') + ".graft";
  std::filesystem::create_directories(dir / name + "/gnu/store");
  std::filesystem::create_symlink(dir / name + "/gnu/store", dir / "path");
  std::filesystem::create_directory(dir / "daemon");
  std::filesystem::create_directory(dir / "daemon/mirrors");
  std::filesystem::create_symlink(dir / "path", dir / "daemon/" + name);
  fd = *Open((dir / "daemon").c_str(), O_PATH | O_DIRECTORY);
  report = ProbeGraft(Parsed(bytes), fd.get());
  EXPECT_TRUE(report.works) << report.obstacle;
  std::filesystem::remove(dir / "path");
  report = ProbeGraft(Parsed(bytes), fd.get());
  EXPECT_EQ(report.obstacle, "the graft path is gone: " + dir / "path");
}

}  // namespace
}  // namespace reloc
