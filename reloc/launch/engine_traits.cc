#include "reloc/launch/engine_traits.h"

namespace reloc {
namespace {

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

const EngineTraits& TraitsOf(Engine engine) {
  const auto index = static_cast<size_t>(engine);
  return kTraits[index < kEngineCount ? index : 0];
}

}  // namespace reloc
