#include "reloc/launch/engines.h"

#include <algorithm>

#include "reloc/base/env.h"

namespace reloc {
namespace {

constexpr std::array<Engine, kEngineCount> kRobust = {Engine::kUserns, Engine::kGraft, Engine::kProot,
                                                      Engine::kFakechroot, Engine::kNone};
constexpr std::array<Engine, kEngineCount> kPerformance = {Engine::kUserns, Engine::kGraft,
                                                           Engine::kFakechroot, Engine::kNone, Engine::kNone};

// In the order of Engine.
constexpr EngineTraits kTraits[kEngineCount] = {
    {},
    {.has_root = true, .mirror_use = MirrorUse::kInRoot},                                  // userns
    {.sets_job_mark = true, .mirror_use = MirrorUse::kInPlace},                            // fakechroot
    {.mirror_use = MirrorUse::kInPlace, .shows_own_paths = true, .probe = Probe::kProot},  // proot
    {.mirror_use = MirrorUse::kRequired},                                                  // graft
};
static_assert(static_cast<size_t>(Engine::kUserns) == 1 && static_cast<size_t>(Engine::kFakechroot) == 2 &&
              static_cast<size_t>(Engine::kProot) == 3 && static_cast<size_t>(Engine::kGraft) == 4);

}  // namespace

EngineChain ParseEngineChain(string_view chosen) {
  if (chosen.empty() || chosen == "default") return {kRobust, {}};
  if (chosen == "performance") return {kPerformance, {}};
  Engine one = EngineByName(chosen);
  if (one == Engine::kNone) return {kRobust, chosen};
  EngineChain chain;
  chain.engines[0] = one;
  return chain;
}

EngineChain EngineChainFromEnv(const char* const* envp) {
  string_view chosen = EnvValue(envp, "RELOC_ENGINE");
  return ParseEngineChain(chosen.empty() ? EnvValue(envp, "GUIX_EXECUTION_ENGINE") : chosen);
}

EngineChain ChooseEngineChain(string_view option, const char* const* envp) {
  return option.empty() ? EngineChainFromEnv(envp) : ParseEngineChain(option);
}

bool Includes(const EngineChain& chain, Engine engine) {
  return std::find(chain.engines.begin(), chain.engines.end(), engine) != chain.engines.end();
}

const EngineTraits& TraitsOf(Engine engine) {
  const auto index = static_cast<size_t>(engine);
  return kTraits[index < kEngineCount ? index : 0];
}

}  // namespace reloc
