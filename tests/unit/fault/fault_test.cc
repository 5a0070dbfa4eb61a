#include "reloc/fault/fault.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace reloc::fault {
namespace {

using testing::HasSubstr;

class FaultTest : public testing::Test {
 protected:
  void TearDown() override { ASSERT_TRUE(SwitchOn("").ok()); }
  std::string Mistake(absl::string_view text) { return std::string(SwitchOn(text).message()); }
  // Returns a row of results, call by call.
  std::string Calls(Point point, int count) {
    std::string row;
    for (int i = 0; i < count; ++i) row += Fails(point) ? 'F' : '.';
    return row;
  }
};

TEST_F(FaultTest, NothingFailsUnlessItIsSwitchedOn) { EXPECT_EQ(Calls(Point::kRootCreate, 3), "..."); }

TEST_F(FaultTest, FailsWithTheErrorThatIsAskedFor) {
  ASSERT_TRUE(SwitchOn("root.create=ENOSPC").ok());
  errno = 0;
  EXPECT_TRUE(Fails(Point::kRootCreate));
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(Calls(Point::kLaunchAccept, 3), "...");
}

TEST_F(FaultTest, CountsItsCalls) {
  ASSERT_TRUE(SwitchOn("root.create=EIO:after=2:times=3,launch.send=EPIPE:times=1").ok());
  EXPECT_EQ(Calls(Point::kRootCreate, 8), "..FFF...");
  EXPECT_EQ(Calls(Point::kLaunchSend, 3), "F..");
}

TEST_F(FaultTest, SaysWhatIsWrongAndChangesNothing) {
  ASSERT_TRUE(SwitchOn("root.create=EIO").ok());
  EXPECT_THAT(Mistake("root.creat=EIO"),
              HasSubstr("'root.creat=EIO': no such fault; there are control.connect "));
  EXPECT_THAT(Mistake("root.create"), HasSubstr("say which error"));
  EXPECT_THAT(Mistake("root.create=ENOTHING"), HasSubstr("say which error"));
  EXPECT_THAT(Mistake("root.create=EIO:often"), HasSubstr("after=N and times=N"));
  EXPECT_THAT(Mistake("root.create=EIO:times=x"), HasSubstr("after=N and times=N"));
  EXPECT_THAT(Mistake("launch.send=EIO,bad=EIO"), HasSubstr("'bad=EIO'"));
  EXPECT_EQ(Calls(Point::kRootCreate, 1), "F");
  EXPECT_EQ(Calls(Point::kLaunchSend, 1), ".");
}

}  // namespace
}  // namespace reloc::fault
