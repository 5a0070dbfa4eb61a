#include "reloc/launch/host_entries.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

bool Has(string_view list, const std::string& path) {
  return (std::string(list) + ":").find(":" + path + ":") != std::string::npos;
}

struct Listing {
  FixedText<4096> list;
  Failure failure;
};

TEST(HostEntriesTest, ListsTheRootBesideThePrefix) {
  Listing l;
  ASSERT_TRUE(ListHostEntries("/no-such-entry/store", 1000, &l.list, &l.failure));
  EXPECT_TRUE(Has(l.list.view(), "/tmp"));
  EXPECT_TRUE(Has(l.list.view(), "/usr"));
  EXPECT_FALSE(Has(l.list.view(), "/no-such-entry"));
  EXPECT_FALSE(Has(l.list.view(), "/."));
}

TEST(HostEntriesTest, ListsEachDirectoryThatTheHostHasAboveThePrefix) {
  TempDir dir;
  for (const char* name : {"/beside", "/site", "/site/inner", "/with:colon"}) {
    std::filesystem::create_directory(dir.path() + name);
  }
  Listing l;
  ASSERT_TRUE(ListHostEntries(dir / "site/store", 10000, &l.list, &l.failure));
  EXPECT_TRUE(Has(l.list.view(), dir / "beside"));
  EXPECT_TRUE(Has(l.list.view(), dir / "site/inner"));
  EXPECT_TRUE(Has(l.list.view(), "/usr"));
  // What leads to the prefix is not the host's alone, and a ':' cannot be said in the list.
  EXPECT_FALSE(Has(l.list.view(), "/tmp"));
  EXPECT_FALSE(Has(l.list.view(), dir.path()));
  EXPECT_FALSE(Has(l.list.view(), dir / "site"));
  EXPECT_EQ(std::string(l.list.view()).find("with:colon"), std::string::npos);
}

TEST(HostEntriesTest, FailsWhenThereAreTooMany) {
  Listing l;
  EXPECT_FALSE(ListHostEntries("/gnu/store", 2, &l.list, &l.failure));
  EXPECT_EQ(l.failure.error.value, E2BIG);
}

TEST(HostEntriesTest, FailsWhenTheyDoNotFit) {
  FixedText<16> list;
  Failure failure;
  EXPECT_FALSE(ListHostEntries("/gnu/store", 1000, &list, &failure));
  EXPECT_EQ(failure.error.value, E2BIG);
}

}  // namespace
}  // namespace reloc
