#include "reloc/base/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <string_view>

#include "reloc/base/file.h"

namespace reloc {
namespace {

// As in proc(5). A FUSE server chooses its source, perhaps one that looks like root's option.
constexpr char kTable[] =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
    "30 22 0:40 / /home/u rw,nosuid,nodev - fuse.sshfs user_id=0, rw,user_id=1000,group_id=1000\n"
    "31 22 0:41 / /home/v rw - fuse  rw,user_id=1000,allow_other\n"
    "32 22 0:42 / /net/user_id=0 rw - fuse user_id=0 rw,user_id=10,default_permissions\n"
    "33 22 0:43 / /data rw master:2 - fuse.mergerfs a:b rw,user_id=0,group_id=0,allow_other\n"
    "34 22 0:44 / /blk rw - fuseblk /dev/sdb1 rw,user_id=0,group_id=0,blksize=4096\n"
    "3 22 0:45 / /x rw - tmpfs user_id=0, rw,size=1k,user_id=00\n";

enum class Kind { kNone, kOther, kUsers, kRoots };

Kind Find(std::string_view id, size_t piece) {
  MountSearch search(id);
  for (std::string_view rest = kTable; !rest.empty(); rest = Suffix(rest, piece)) {
    if (!search.Take(Prefix(rest, piece))) continue;
    if (!search.is_fuse()) return Kind::kOther;
    return search.is_roots() ? Kind::kRoots : Kind::kUsers;
  }
  return Kind::kNone;
}

TEST(MountSearchTest, SaysWhoMountedAFuseFileSystem) {
  for (size_t piece : {size_t{1}, size_t{7}, sizeof kTable}) {
    EXPECT_EQ(Find("22", piece), Kind::kOther);
    EXPECT_EQ(Find("30", piece), Kind::kUsers) << "source 'user_id=0,'";
    EXPECT_EQ(Find("31", piece), Kind::kUsers) << "empty source";
    EXPECT_EQ(Find("32", piece), Kind::kUsers) << "source and place 'user_id=0'";
    EXPECT_EQ(Find("33", piece), Kind::kRoots);
    EXPECT_EQ(Find("34", piece), Kind::kRoots);
    EXPECT_EQ(Find("3", piece), Kind::kOther);
    EXPECT_EQ(Find("0", piece), Kind::kNone);
    EXPECT_EQ(Find("", piece), Kind::kNone);
  }
}

TEST(MountSearchTest, FindsTheMountOfProc) {
  Result<UniqueFd> proc = Open("/proc", O_PATH);
  ASSERT_TRUE(proc.ok());
  FixedText<32> id;
  ASSERT_TRUE(ReadMountId(proc->get(), &id).ok());
  MountSearch search(id.view());
  EXPECT_TRUE(FindMount(&search).ok());
  EXPECT_FALSE(search.is_fuse());
  MountSearch none("-1");
  EXPECT_EQ(FindMount(&none).value, ENOENT);
}

}  // namespace
}  // namespace reloc
