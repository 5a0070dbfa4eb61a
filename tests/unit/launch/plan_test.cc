#include "reloc/launch/plan.h"

#include <gtest/gtest.h>

#include <string>

#include "reloc/engine/plan_text.h"
#include "tests/unit/launch/golden.h"

namespace reloc {
namespace {

PackDigest SomeDigest() {
  PackDigest digest;
  for (size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<uint8_t>(i + 1);
  return digest;
}

PlanText PlanBytes(Engine engine = Engine::kUserns) { return PlanText(engine, SomeDigest()); }

std::string UsernsPlan() {
  return PlanBytes()
      .Add(Op::kUnshare)
      .Add(Op::kStageRoot, "/gnu/store")
      .Add(Op::kBindStore, "\1/gnu/store", "/gnu/store")
      .Add(Op::kEnterRoot)
      .Add(Op::kJoin)
      .Add(Op::kRestoreCwd)
      .Add(Op::kCommit)
      .Add(Op::kExec, "/gnu/store/x-sed/bin/sed")
      .Finish();
}

// Returns the reason; empty if parsing worked.
std::string ParseError(const std::string& bytes) {
  Plan plan;
  size_t used = 0;
  const char* why = nullptr;
  return Plan::Parse(bytes, &plan, &used, &why) ? "" : why;
}

TEST(Plan, SurvivesEncodingAndDecoding) {
  std::string bytes = UsernsPlan();
  Plan plan;
  size_t used = 0;
  const char* why = nullptr;
  ASSERT_TRUE(Plan::Parse(bytes, &plan, &used, &why)) << why;
  EXPECT_EQ(used, bytes.size());
  EXPECT_EQ(plan.engine(), Engine::kUserns);
  EXPECT_EQ(plan.digest(), SomeDigest());
  ASSERT_EQ(plan.prepare().size(), 4u);
  EXPECT_EQ(plan.prepare()[2].a, "\1/gnu/store");
  EXPECT_EQ(plan.prepare()[2].b, "/gnu/store");
  ASSERT_EQ(plan.enter().size(), 4u);
  EXPECT_EQ(plan.enter()[3].a, "/gnu/store/x-sed/bin/sed");
}

TEST(Plan, GoldenFileHoldsTheStepsOfAGraft) {
  const std::string plan = PlanBytes(Engine::kGraft)
                               .Add(Op::kFindGraft, "/gnu/store", "make one")
                               .Add(Op::kCommit)
                               .Add(Op::kExec, "\2/x-sed/bin/sed")
                               .Finish();
  EXPECT_EQ(ParseError(plan), "");
  EXPECT_EQ(HexLines(plan), ReadGolden("graft_plan_v1.hex"));
}

TEST(Plan, GoldenFileHoldsTheFormat) { EXPECT_EQ(HexLines(UsernsPlan()), ReadGolden("plan_v1.hex")); }

TEST(Plan, PlansFollowEachOther) {
  std::string two = UsernsPlan() + UsernsPlan();
  Plan plan;
  size_t used = 0;
  const char* why = nullptr;
  ASSERT_TRUE(Plan::Parse(two, &plan, &used, &why));
  EXPECT_EQ(used, two.size() / 2);
}

TEST(Plan, EveryTruncationIsRefused) {
  std::string bytes = UsernsPlan();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(ParseError(bytes.substr(0, size)), "") << size << " bytes were taken for a plan";
  }
}

TEST(Plan, AnotherVersionIsNamed) {
  std::string bytes = UsernsPlan();
  for (char version : {0, 2}) {
    bytes[4] = version;
    EXPECT_EQ(ParseError(bytes), "a launch plan of another version");
  }
}

TEST(Plan, RefusesWhatTheExecutorCouldNotCarryOut) {
  struct {
    std::string plan;
    const char* why;
  } cases[] = {
      {PlanBytes().Add(Op::kCommit).Finish(), "steps that do not end with one commit and one exec"},
      {PlanBytes().Add(Op::kExec, "/x").Finish(), "steps that do not end with one commit and one exec"},
      {PlanBytes().Add(Op::kCommit).Add(Op::kJoin).Add(Op::kExec, "/x").Finish(),
       "steps that do not end with one commit and one exec"},
      {PlanBytes().Add(Op::kCommit).Add(Op::kTrace, "/x", "/y").Add(Op::kExec, "/y").Finish(),
       "steps that do not end with one commit and one exec"},
      {PlanBytes().Add(Op::kCommit).Add(Op::kExec, "x").Finish(), "a path that is not absolute and clean"},
      {PlanBytes().Add(Op::kCommit).Add(Op::kExec, "/a/../b").Finish(),
       "a path that is not absolute and clean"},
      {PlanBytes().Add(Op::kCommit).Add(Op::kExec).Finish(), "a step with the wrong arguments"},
      {PlanBytes().Add(Op::kCommit, "x").Add(Op::kExec, "/x").Finish(), "a step with the wrong arguments"},
      {PlanBytes().Add(Op::kSetEnv, "A=B", "c").Add(Op::kCommit).Add(Op::kExec, "/x").Finish(),
       "a variable name with '='"},
      {PlanBytes().Add(Op::kCommit).Add(Op::kExec, "\2/x").Finish(),
       "a program in a graft that no step finds"},
      {PlanBytes().Add(Op::kFindGraft, "/g", "c").Add(Op::kCommit).Add(Op::kExec, "\2\1/x").Finish(),
       "a path that is not absolute and clean"},
      {PlanBytes().Add(static_cast<Op>(99)).Add(Op::kCommit).Add(Op::kExec, "/x").Finish(),
       "an unknown step"},
  };
  for (const auto& c : cases) EXPECT_EQ(ParseError(c.plan), c.why);
}

TEST(Plan, RefusalStandsAlone) {
  std::string bytes = PlanBytes(Engine::kFakechroot).Add(Op::kRefuse, "it is static", "use userns").Finish();
  Plan plan;
  size_t used = 0;
  const char* why = nullptr;
  ASSERT_TRUE(Plan::Parse(bytes, &plan, &used, &why)) << why;
  ASSERT_NE(plan.refusal(), nullptr);
  EXPECT_EQ(plan.refusal()->a, "it is static");
}

TEST(Plan, TooLongPlansAreNotWritten) {
  PlanText plan = PlanBytes();
  for (int i = 0; i < 3; ++i) plan.Add(Op::kArg, std::string(30000, 'x'));
  EXPECT_EQ(plan.Add(Op::kCommit).Add(Op::kExec, "/x").Finish(), "");
}

TEST(Plan, EngineNamesAreTheContracts) {
  for (const char* name : {"userns", "fakechroot", "proot", "graft"})
    EXPECT_STREQ(EngineName(EngineByName(name)), name);
  EXPECT_EQ(EngineByName("chroot"), Engine::kNone);
}

TEST(FindPlan, FindsEachAmongSeveral) {
  const std::string refusal = PlanBytes(Engine::kFakechroot).Add(Op::kRefuse, "no", "cure").Finish();
  const std::string plans = UsernsPlan() + refusal;
  Plan plan;
  const char* why = nullptr;
  ASSERT_TRUE(FindPlan(plans, Engine::kFakechroot, &plan, &why));
  EXPECT_NE(plan.refusal(), nullptr);
  ASSERT_TRUE(FindPlan(plans, Engine::kUserns, &plan, &why));
  EXPECT_EQ(plan.refusal(), nullptr);
}

TEST(FindPlan, TellsMissingFromDamaged) {
  Plan plan;
  const char* why = "";
  EXPECT_FALSE(FindPlan(UsernsPlan(), Engine::kProot, &plan, &why));
  EXPECT_EQ(why, nullptr);
  EXPECT_FALSE(FindPlan(UsernsPlan() + "junk", Engine::kProot, &plan, &why));
  EXPECT_NE(why, nullptr);
}

}  // namespace
}  // namespace reloc
