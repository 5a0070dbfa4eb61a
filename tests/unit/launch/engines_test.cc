#include "reloc/launch/engines.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

TEST(EngineChain, RobustAndFastChains) {
  const auto robust = ParseEngineChain("").engines;
  EXPECT_EQ(robust, ParseEngineChain("default").engines);
  EXPECT_EQ(robust[0], Engine::kUserns);
  EXPECT_EQ(robust[1], Engine::kGraft);
  EXPECT_EQ(robust[2], Engine::kProot);
  EXPECT_EQ(robust[3], Engine::kFakechroot);
  const auto fast = ParseEngineChain("performance").engines;
  EXPECT_EQ(fast[2], Engine::kFakechroot);
  EXPECT_EQ(fast[3], Engine::kNone);
}

TEST(EngineChain, OneNameMeansThatEngineAlone) {
  const EngineChain chain = ParseEngineChain("fakechroot");
  EXPECT_EQ(chain.engines[0], Engine::kFakechroot);
  EXPECT_EQ(chain.engines[1], Engine::kNone);
  EXPECT_EQ(chain.unknown, "");
}

TEST(EngineChain, UnknownNamesAreReportedAndTheDefaultUsed) {
  const EngineChain chain = ParseEngineChain("docker");
  EXPECT_EQ(chain.unknown, "docker");
  EXPECT_EQ(chain.engines, ParseEngineChain("default").engines);
}

TEST(EngineChain, OurVariableComesBeforeGuixs) {
  const char* both[] = {"GUIX_EXECUTION_ENGINE=proot", "RELOC_ENGINE=userns", nullptr};
  EXPECT_EQ(EngineChainFromEnv(both).engines[0], Engine::kUserns);
  const char* guix[] = {"GUIX_EXECUTION_ENGINE=proot", nullptr};
  EXPECT_EQ(EngineChainFromEnv(guix).engines[0], Engine::kProot);
}

}  // namespace
}  // namespace reloc
