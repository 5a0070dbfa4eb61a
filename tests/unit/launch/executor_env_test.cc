// The steps that change the environment, and the one that requires a file.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reloc/base/env.h"
#include "reloc/launch/executor.h"

namespace reloc {
namespace {

class ExecutorEnvTest : public testing::Test {
 protected:
  // Carries out one step on an environment with the variable LIST.
  bool Enter(const Step& step, const std::string& list, const std::string& pack = "/the/pack",
             const std::string& mirror = "") {
    pack_ = pack;
    mirror_ = mirror.empty() ? pack : mirror;
    variable_ = "LIST=" + list;
    envp_ = {variable_.data(), other_.data(), nullptr};
    state_.pack_dir = pack_;
    state_.store_dir = mirror_;
    state_.argv = argv_;
    state_.envp = envp_.data();
    failure_.Clear();
    Executor executor(&state_, log_);
    executor.Enter({&step, 1}, &failure_);
    return !failure_.failed();
  }
  std::string List() { return std::string(EnvValue(state_.envp, "LIST")); }

  LaunchLog log_{"test", false};
  LaunchState state_;
  Failure failure_;
  std::string pack_, mirror_, variable_, other_ = "OTHER=kept";
  std::vector<char*> envp_;
  char* argv_[2] = {const_cast<char*>("name"), nullptr};
};

TEST_F(ExecutorEnvTest, SetsAVariableAndKeepsTheOthers) {
  ASSERT_TRUE(Enter({.op = Op::kSetEnv, .a = "LIST", .b = "new"}, "old"));
  EXPECT_STREQ(state_.envp[0], "LIST=new");
  EXPECT_STREQ(state_.envp[1], "OTHER=kept");
  EXPECT_EQ(state_.envp[2], nullptr);
}

TEST_F(ExecutorEnvTest, PrependsToWhatIsThere) {
  ASSERT_TRUE(Enter({.op = Op::kPrependEnv, .a = "LIST", .b = "\1/lib"}, "a:b"));
  EXPECT_EQ(List(), "/the/pack/lib:a:b");
  ASSERT_TRUE(Enter({.op = Op::kPrependEnv, .a = "LIST", .b = "\1/lib"}, ""));
  EXPECT_EQ(List(), "/the/pack/lib:");  // an empty one exists, and must be kept
}

TEST_F(ExecutorEnvTest, DoesNotPrependWhatTheListWouldTakeApart) {
  EXPECT_FALSE(Enter({.op = Op::kPrependEnv, .a = "LIST", .b = "\1/lib"}, "a", "/a:b"));
  EXPECT_EQ(failure_.error.value, EINVAL);
  EXPECT_NE(failure_.hint, nullptr);
}

TEST_F(ExecutorEnvTest, MapsTheElementsBelowThePrefix) {
  const Step map{.op = Op::kMapEnv, .a = "LIST", .b = "/gnu/store"};
  ASSERT_TRUE(Enter(map, "/gnu/store/x:/usr:/gnu/store2::/gnu/store"));
  EXPECT_EQ(List(), "/the/pack/gnu/store/x:/usr:/gnu/store2::/the/pack/gnu/store");
  ASSERT_TRUE(Enter(map, "/usr:"));
  EXPECT_EQ(List(), "/usr:");
}

TEST_F(ExecutorEnvTest, MappingDoesNotMakeAVariable) {
  ASSERT_TRUE(Enter({.op = Op::kMapEnv, .a = "UNSET", .b = "/gnu/store"}, ""));
  EXPECT_EQ(EnvLookup(state_.envp, "UNSET"), nullptr);
}

TEST_F(ExecutorEnvTest, TakesTheStoreFromAMirrorAndModulesFromThePack) {
  const Step set{.op = Op::kSetEnv, .a = "LIST", .b = "\1:\1/.reloc/lib:\1/gnu/store/x:\1/.relocated"};
  ASSERT_TRUE(Enter(set, "", "/the/pack", "/a/mirror"));
  EXPECT_EQ(List(), "/a/mirror:/the/pack/.reloc/lib:/a/mirror/gnu/store/x:/a/mirror/.relocated");
  const Step map{.op = Op::kMapEnv, .a = "LIST", .b = "/gnu/store"};
  ASSERT_TRUE(Enter(map, "/gnu/store/x", "/the/pack", "/a/mirror"));
  EXPECT_EQ(List(), "/a/mirror/gnu/store/x");
}

TEST_F(ExecutorEnvTest, AsksForAFile) {
  state_.pack_dir = state_.store_dir = "/";
  Executor executor(&state_, log_);
  const Step there{.op = Op::kRequire, .a = "/proc/self/exe", .b = "cure"};
  const Step missing{.op = Op::kRequire, .a = "/proc/self/none", .b = "cure"};
  EXPECT_TRUE(executor.Prepare({&there, 1}, &failure_));
  EXPECT_FALSE(executor.Prepare({&missing, 1}, &failure_));
  FixedText<200> text;
  failure_.Describe(&text);
  EXPECT_EQ(text.view(), "find /proc/self/none: No such file or directory (cure)");
}

}  // namespace
}  // namespace reloc
