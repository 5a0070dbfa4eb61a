#include "reloc/graft/rewrite.h"

#include <gtest/gtest.h>

#include <string>

namespace reloc {
namespace {

std::string Rewritten(std::string bytes) {
  PrefixRewriter("/gnu/store", "/tmp/abcde").Rewrite(&bytes);
  return bytes;
}

TEST(PrefixRewriter, ReplacesThePrefixWhateverFollowsIt) {
  EXPECT_EQ(Rewritten("#!/gnu/store/x/bin/sh -e\n"), "#!/tmp/abcde/x/bin/sh -e\n");
  EXPECT_EQ(Rewritten("-I/gnu/store/a:/gnu/store/b"), "-I/tmp/abcde/a:/tmp/abcde/b");
  EXPECT_EQ(Rewritten("\"/gnu/store\" '/gnu/store' /gnu/store%s"),
            "\"/tmp/abcde\" '/tmp/abcde' /tmp/abcde%s");
  EXPECT_EQ(Rewritten("/gnu/store"), "/tmp/abcde");
  EXPECT_EQ(Rewritten(std::string("/gnu/store\0x", 12)), std::string("/tmp/abcde\0x", 12));
}

TEST(PrefixRewriter, LeavesOtherNamesAlone) {
  for (const char* other :
       {"/gnu/storefoo", "/gnu/store2/x", "/gnu/store-old/x", "/gnu/stor", "/nix/store/x", ""})
    EXPECT_EQ(Rewritten(other), other);
}

TEST(PrefixRewriter, CountsAndFindsTheSame) {
  const PrefixRewriter rewriter("/gnu/store", "/tmp/abcde");
  std::string bytes = "/gnu/store/a /gnu/store2 /gnu/store/gnu/store";
  EXPECT_TRUE(rewriter.IsIn(bytes));
  EXPECT_EQ(rewriter.Rewrite(&bytes), 3u);
  EXPECT_EQ(bytes, "/tmp/abcde/a /gnu/store2 /tmp/abcde/tmp/abcde");
  EXPECT_FALSE(rewriter.IsIn(bytes));
}

}  // namespace
}  // namespace reloc
