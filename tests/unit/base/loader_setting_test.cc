#include "reloc/base/loader_setting.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

TEST(LoaderSetting, IsWhatWasWritten) {
  LoaderSetting written{"ag", "/gnu/store", "/a pack", "/a pack/gnu/store/ld.so", "/a pack/x:y"};
  FixedText<256> text;
  AppendLoaderSetting(written, &text);
  EXPECT_EQ(text.view(), "ag:/gnu/store:/a pack:/a pack/gnu/store/ld.so:/a pack/x:y");
  LoaderSetting read;
  ASSERT_TRUE(ParseLoaderSetting(text.view(), &read));
  EXPECT_EQ(read.prefix, written.prefix);
  EXPECT_EQ(read.pack, written.pack);
  EXPECT_EQ(read.loader, written.loader);
  EXPECT_EQ(read.program, written.program);
  EXPECT_TRUE(read.Has(kSetsArgv0) && read.Has(kHasGconv));
  EXPECT_FALSE(read.Has(kBindsNow));
}

TEST(LoaderSetting, TakesNothingElse) {
  LoaderSetting setting;
  for (const char* value :
       {"", ":", "a:/gnu/store", "a:gnu/store:/pack::", "a:/gnu/store:pack::", "a:/gnu/../x:/pack::"}) {
    EXPECT_FALSE(ParseLoaderSetting(value, &setting)) << value;
  }
  EXPECT_TRUE(ParseLoaderSetting(":/gnu/store:/pack::", &setting));
}

}  // namespace
}  // namespace reloc
