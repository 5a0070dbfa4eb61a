#include "reloc/engine/proot.h"

#include <gtest/gtest.h>

#include "reloc/engine/plan_text.h"

namespace reloc {
namespace {

TEST(Proot, PlanStartsTheTracerBeforeItCommits) {
  ProgramSpec spec;
  spec.store_prefix = "/gnu/store";
  spec.program = "/gnu/store/sed/bin/sed";
  std::string bytes = CompileProot(spec);
  Plan plan;
  size_t used = 0;
  const char* why = nullptr;
  ASSERT_TRUE(Plan::Parse({bytes.data(), bytes.size()}, &plan, &used, &why)) << why;
  EXPECT_EQ(plan.engine(), Engine::kProot);
  ASSERT_EQ(plan.prepare().size(), 3u);
  EXPECT_EQ(plan.prepare()[0].op, Op::kTraceStore);
  EXPECT_EQ(plan.prepare()[0].a, InPack("/gnu/store"));
  ASSERT_EQ(plan.enter().size(), 3u);
  EXPECT_EQ(plan.enter()[0].op, Op::kTrace);
  EXPECT_EQ(plan.enter()[0].b, spec.program);
  EXPECT_EQ(plan.enter()[1].op, Op::kCommit);
  EXPECT_EQ(plan.enter()[2].a, spec.program);
}

TEST(Proot, TooLongPathsGiveNoPlan) {
  ProgramSpec spec;
  spec.store_prefix = "/gnu/store";
  spec.program = "/gnu/store/" + std::string(70000, 'x');
  EXPECT_EQ(CompileProot(spec), "");
}

}  // namespace
}  // namespace reloc
