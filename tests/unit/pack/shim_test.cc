// The plans that a shim carries: what was written is found, and damaged offsets are not followed.
#include "reloc/pack/shim.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "reloc/launch/pack_files.h"

namespace reloc {
namespace {

std::string Find(const std::string& segment, std::string_view entry) {
  std::span<const char> plans = FindCarriedPlans(segment, entry);
  return {plans.data(), plans.size()};
}

TEST(CarriedPlans, FindsEachEntry) {
  EntryPlans plans;
  for (int i = 0; i < 100; ++i) plans[absl::StrCat("bin/", i)] = absl::StrCat("plans of ", i);
  std::string segment = EncodeCarriedPlans(plans);
  for (const auto& [entry, text] : plans) EXPECT_EQ(Find(segment, entry), text);
  for (const char* entry : {"", "bin/", "bin/100", "bin/00", "zzz"}) EXPECT_EQ(Find(segment, entry), "");
  EXPECT_EQ(Find(EncodeCarriedPlans({}), "bin/1"), "");
}

TEST(CarriedPlans, StayInsideADamagedSegment) {
  const std::string segment = EncodeCarriedPlans({{"bin/awk", "plans"}, {"bin/sed", "other plans"}});
  for (size_t size = 0; size < segment.size(); ++size) {
    // Memory of its own, so that a sanitizer detects reads beyond it.
    std::vector<char> cut(segment.begin(), segment.begin() + static_cast<ptrdiff_t>(size));
    std::span<const char> plans = FindCarriedPlans(cut, "bin/awk");
    EXPECT_LE(plans.size(), size);
  }
  for (size_t i = 0; i < segment.size(); ++i) {
    std::vector<char> changed(segment.begin(), segment.end());
    changed[i] = static_cast<char>(0xff);
    std::span<const char> plans = FindCarriedPlans(changed, "bin/sed");
    if (plans.empty()) continue;
    EXPECT_GE(plans.data(), changed.data());
    EXPECT_LE(plans.data() + plans.size(), changed.data() + changed.size());
  }
}

TEST(CarriedPlans, AFileWithoutAPlaceForThemIsLeftAsItIs) {
  for (const std::string& file :
       {std::string(), std::string("the shim"), "\177ELF" + std::string(60, '\xff')})
    EXPECT_EQ(WithPlans(file, {{"bin/sed", "plans"}}), file);
}

}  // namespace
}  // namespace reloc
