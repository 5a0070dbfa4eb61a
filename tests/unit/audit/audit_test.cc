// What ld.so requires of an audit module's file. What it does is in tests/conformance.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>

#include "reloc/pack/elf.h"

namespace reloc {
namespace {

class AuditTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(module_, nullptr) << dlerror(); }
  ~AuditTest() override {
    if (module_ != nullptr) dlclose(module_);
  }
  void* module_ = dlopen(AUDIT_MODULE, RTLD_NOW | RTLD_LOCAL);
};

TEST_F(AuditTest, NeedsNoLibrary) {
  absl::StatusOr<ElfInfo> elf = ReadElf(AUDIT_MODULE);
  ASSERT_TRUE(elf.ok()) << elf.status();
  EXPECT_TRUE(elf->needed.empty()) << elf->needed[0];
}

TEST_F(AuditTest, DefinesWhatItMust) {
  for (const char* name : {"la_version", "la_objopen", "la_objclose", "la_objsearch"}) {
    EXPECT_NE(dlsym(module_, name), nullptr) << name;
  }
}

// Each of these would slow down every call between libraries, or crash programs linked with -z now.
TEST_F(AuditTest, HooksNoCalls) {
  for (const char* name : {"la_symbind32", "la_symbind64", "la_x86_64_gnu_pltenter", "la_x86_64_gnu_pltexit",
                           "la_aarch64_gnu_pltenter", "la_aarch64_gnu_pltexit"}) {
    EXPECT_EQ(dlsym(module_, name), nullptr) << name;
  }
}

TEST_F(AuditTest, StepsAsideWithoutAConfiguration) {
  auto version = reinterpret_cast<unsigned (*)(unsigned)>(dlsym(module_, "la_version"));
  ASSERT_NE(version, nullptr);
  EXPECT_EQ(version(LAV_CURRENT), 0u);
}

}  // namespace
}  // namespace reloc
