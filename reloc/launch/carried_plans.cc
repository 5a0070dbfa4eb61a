#include "reloc/launch/carried_plans.h"

#include <string.h>

namespace reloc {
namespace {

std::span<const char> Part(std::span<const char> segment, uint32_t at, uint32_t size) {
  if (at > segment.size() || size > segment.size() - at) return {};
  return segment.subspan(at, size);
}

}  // namespace

std::span<const char> FindCarriedPlans(std::span<const char> segment, string_view entry) {
  constexpr size_t kHeader = sizeof kCarriedMagic + sizeof(uint32_t);
  if (segment.size() < kHeader || memcmp(segment.data(), kCarriedMagic, sizeof kCarriedMagic) != 0) return {};
  uint32_t count;
  memcpy(&count, segment.data() + sizeof kCarriedMagic, sizeof count);
  if (count > (segment.size() - kHeader) / sizeof(CarriedEntry)) return {};
  for (size_t first = 0, end = count; first < end;) {
    const size_t middle = first + (end - first) / 2;
    CarriedEntry at;
    memcpy(&at, segment.data() + kHeader + middle * sizeof at, sizeof at);
    std::span<const char> name = Part(segment, at.name, at.name_size);
    const int order = entry.compare(string_view(name.data(), name.size()));
    if (order == 0) return Part(segment, at.plans, at.plans_size);
    if (order < 0) end = middle;
    if (order > 0) first = middle + 1;
  }
  return {};
}

}  // namespace reloc
