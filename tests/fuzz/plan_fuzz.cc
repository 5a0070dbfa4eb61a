// Any bytes give a valid plan or a reason, and are never read out of bounds; and a valid plan is written back
// unchanged.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "reloc/launch/plan.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckTexts(std::span<const reloc::Step> steps) {
  for (const reloc::Step& step : steps) {
    // The executor passes these to system calls.
    Require(std::strlen(step.a.data()) == step.a.size());
    Require(std::strlen(step.b.data()) == step.b.size());
  }
}

void CheckRoundTrip(const reloc::Plan& plan, std::span<const char> bytes) {
  std::vector<char> memory(reloc::kMaxPlanBytes);
  reloc::PlanWriter writer(memory, plan.engine(), plan.digest());
  for (const auto& steps : {plan.prepare(), plan.enter()}) {
    for (const reloc::Step& step : steps) writer.Add(step.op, step.a, step.b);
  }
  Require(writer.Finish() == reloc::string_view(bytes.data(), bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> bytes(data, data + size);
  reloc::Plan plan;
  size_t used = 0;
  const char* why = nullptr;
  if (!reloc::Plan::Parse(bytes, &plan, &used, &why)) {
    Require(why != nullptr);
    return 0;
  }
  Require(used <= size);
  CheckTexts(plan.prepare());
  CheckTexts(plan.enter());
  CheckRoundTrip(plan, {bytes.data(), used});
  return 0;
}
