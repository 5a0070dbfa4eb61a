// Every write that can fail: nothing half-made is served, nothing is left, and it works again afterwards.
#include <gmock/gmock.h>

#include "reloc/fault/fault.h"
#include "reloc/mirror/mirror_trial.h"
#include "tests/unit/mirror/fixture.h"

namespace reloc {
namespace {

class MirrorFaultTest : public MirrorTest, public testing::WithParamInterface<const char*> {
 protected:
  ~MirrorFaultTest() override { fault::SwitchOn("").IgnoreError(); }
};

TEST_P(MirrorFaultTest, LeavesNothing) {
  MakePacks();
  ASSERT_TRUE(fault::SwitchOn(GetParam()).ok());
  absl::StatusOr<Mirror> mirror = Make("pack");
  EXPECT_FALSE(mirror.ok());
  EXPECT_THAT(Message(mirror.status()), testing::HasSubstr(Path("cache")));
  ExpectNothingLeft();
  ASSERT_TRUE(fault::SwitchOn("").ok());
  mirror = Make("pack");
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  EXPECT_TRUE(Cache().Verify(*mirror, {})->empty());
}

INSTANTIATE_TEST_SUITE_P(All, MirrorFaultTest,
                         testing::Values("mirror.create=ENOSPC", "mirror.directory=ENOSPC",
                                         "mirror.directory=EDQUOT:after=3", "mirror.write=ENOSPC",
                                         "mirror.write=EDQUOT:after=2", "mirror.list=ENOSPC",
                                         "mirror.publish=EIO"));

TEST_F(MirrorFaultTest, AFullDiskHasACure) {
  MakePacks();
  ASSERT_TRUE(fault::SwitchOn("mirror.write=ENOSPC").ok());
  EXPECT_THAT(Message(Make("pack").status()), testing::AllOf(testing::HasSubstr("No space left on device"),
                                                             testing::HasSubstr("set mirror-dir")));
}

// ext4 has 65,000 links of a file and no more.
TEST_F(MirrorFaultTest, CopiesWhatCannotBeLinked) {
  MakePacks();
  ASSERT_TRUE(Make("pack").ok());
  ASSERT_TRUE(fault::SwitchOn("mirror.link=EMLINK").ok());
  absl::StatusOr<Mirror> mirror = Make("other");
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  EXPECT_TRUE(Cache().Verify(*mirror, {})->empty());
  EXPECT_EQ(Stat(InStore(*mirror, absl::StrCat(Item('d', "data"), "/text"))).st_nlink, 1u);
}

TEST_F(MirrorFaultTest, AMirrorThatCannotBeRemovedStaysWhole) {
  MakePacks();
  absl::StatusOr<Mirror> mirror = Make("pack");
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  ASSERT_TRUE(fault::SwitchOn("mirror.remove=EIO").ok());
  EXPECT_THAT(Message(Cache().Remove(mirror->id)), testing::HasSubstr("cannot remove " + mirror->path));
  EXPECT_TRUE(Cache().Verify(*mirror, {})->empty());
}

TEST_F(MirrorFaultTest, AMirrorThatCannotBeSyncedIsUsedInThisBoot) {
  MakePacks();
  absl::StatusOr<Mirror> mirror = Make("pack");
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  ASSERT_TRUE(fault::SwitchOn("mirror.sync=EIO").ok());
  EXPECT_FALSE(Cache().Sync().ok());
  EXPECT_TRUE(Cache().Find(mirror->id).ok());
}

TEST_F(MirrorFaultTest, AMirrorFromWhichNothingCanBeExecutedIsFoundOut) {
  MakePacks();
  absl::StatusOr<Mirror> mirror = Make("pack");
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  const std::string store = mirror->path + mirror->store_prefix;
  EXPECT_TRUE(TryMirror(Cache(), *mirror, store).ok());
  ASSERT_TRUE(fault::SwitchOn("mirror.try=EACCES").ok());
  EXPECT_THAT(Message(TryMirror(Cache(), *mirror, store)),
              testing::AllOf(testing::HasSubstr("cannot execute " + Path("cache")),
                             testing::HasSubstr("Permission denied")));
  ASSERT_TRUE(fault::SwitchOn("mirror.try=EAGAIN").ok());  // the host's shortage tells nothing of it
  EXPECT_TRUE(TryMirror(Cache(), *mirror, store).ok());
  EXPECT_TRUE(List("cache/tmp").empty());
}

}  // namespace
}  // namespace reloc
