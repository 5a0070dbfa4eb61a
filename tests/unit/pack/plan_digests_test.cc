// Plans contain the digest of a manifest that lists them: the list covers the rest of the file.
#include "reloc/pack/plan_digests.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <string.h>

#include "absl/strings/str_cat.h"
#include "reloc/pack/shim.h"

namespace reloc {
namespace {

constexpr PackDigest kPlaceholder = {9, 9, 9}, kOurs = {1, 2, 3}, kOther = {4, 5, 6};

std::string SomePlan(Engine engine) {
  std::array<char, 1024> memory;
  const string_view plan = PlanWriter(memory, engine, kPlaceholder)
                               .Add(Op::kRequire, "/etc", "mount it")
                               .Add(Op::kCommit)
                               .Add(Op::kExec, "/bin/sed")
                               .Finish();
  return std::string(plan);
}

std::string SomePlans() { return SomePlan(Engine::kUserns) + SomePlan(Engine::kFakechroot); }

// Returns an ELF file with only the place for plans.
std::string Shim(const EntryPlans& plans) {
  struct {
    Elf64_Ehdr file = {};
    Elf64_Phdr place = {};
    Elf64_Nhdr note = {};
    char name[8] = "relocd";
  } shim;
  memcpy(shim.file.e_ident, ELFMAG, SELFMAG);
  shim.file.e_phoff = offsetof(decltype(shim), place);
  shim.file.e_phnum = 1;
  shim.place.p_type = PT_NOTE;
  shim.place.p_offset = offsetof(decltype(shim), note);
  shim.place.p_filesz = sizeof shim.note + sizeof shim.name;
  return WithPlans(std::string(reinterpret_cast<const char*>(&shim), sizeof shim), plans);
}

std::string HashText(const std::string& bytes) {
  const Sha256Digest hash = HashWithoutDigest(bytes);
  return {hash.begin(), hash.end()};
}

std::vector<PackDigest> DigestsIn(std::string_view plans) {
  std::vector<PackDigest> digests;
  Plan plan;
  size_t used = 0;
  const char* why = nullptr;
  for (; Plan::Parse(plans, &plan, &used, &why); plans.remove_prefix(used)) digests.push_back(plan.digest());
  return digests;
}

void ExpectHeld(const std::string& file) {
  const std::string hash = HashText(file);
  std::string ours = file, other = file;
  StampDigest(kOurs, &ours);
  StampDigest(kOther, &other);
  EXPECT_EQ(HashText(ours), hash);
  EXPECT_TRUE(HoldsDigest(ours, kOurs, hash));
  EXPECT_FALSE(HoldsDigest(other, kOurs, hash));
  for (size_t i = 0; i < ours.size(); ++i) {
    std::string changed = ours;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    EXPECT_FALSE(HoldsDigest(changed, kOurs, hash)) << i;
  }
}

TEST(PlanDigests, OfAFileOfPlans) {
  std::string plans = SomePlans();
  StampDigest(kOurs, &plans);
  EXPECT_EQ(DigestsIn(plans), (std::vector<PackDigest>{kOurs, kOurs}));
  ExpectHeld(plans);
}

TEST(PlanDigests, OfAShimThatCarriesPlans) {
  std::string shim = Shim({{"bin/awk", SomePlans()}, {"bin/sed", SomePlan(Engine::kUserns)}});
  StampDigest(kOurs, &shim);
  const std::vector<std::string_view> carried = CarriedPlans(shim);
  ASSERT_EQ(carried.size(), 2u);
  EXPECT_EQ(DigestsIn(carried[0]), (std::vector<PackDigest>{kOurs, kOurs}));
  EXPECT_EQ(DigestsIn(carried[1]), (std::vector<PackDigest>{kOurs}));
  ExpectHeld(shim);
}

// Otherwise the digest in a place of zeros would be as good as the zeros.
TEST(PlanDigests, TheDigestElsewhereIsContent) {
  std::string shim = Shim({{"bin/sed", SomePlans()}});
  StampDigest(kOurs, &shim);
  const std::string hash = HashText(shim);
  const size_t zeros = shim.find(std::string(kOurs.size(), '\0'));
  ASSERT_NE(zeros, shim.npos);
  memcpy(shim.data() + zeros, kOurs.data(), kOurs.size());
  EXPECT_FALSE(HoldsDigest(shim, kOurs, hash));
}

TEST(PlanDigests, WhatHoldsNoPlansIsHashedAsItIs) {
  for (const std::string& file :
       {std::string(), std::string("the shim"), Shim({}), "RLPL" + std::string(28, '\0')}) {
    std::string stamped = file;
    StampDigest(kOurs, &stamped);
    EXPECT_EQ(stamped, file);
    EXPECT_TRUE(HoldsDigest(file, kOurs, HashText(file)));
  }
}

TEST(PlanDigests, DamagedShimsAreNotFollowedOutside) {
  const std::string shim = Shim({{"bin/awk", SomePlans()}, {"bin/sed", SomePlans()}});
  for (size_t size = 0; size < shim.size(); ++size) {
    const std::vector<char> cut(shim.begin(), shim.begin() + static_cast<ptrdiff_t>(size));
    for (std::string_view plans : CarriedPlans({cut.data(), cut.size()})) EXPECT_LE(plans.size(), size);
  }
  for (size_t i = 0; i < shim.size(); ++i) {
    std::string changed = shim;
    changed[i] = '\xff';
    StampDigest(kOurs, &changed);
    EXPECT_EQ(changed.size(), shim.size());
  }
}

}  // namespace
}  // namespace reloc
