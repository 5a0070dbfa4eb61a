// A graft of a pack that another user may be changing: only what its list contains gets into the mirror.
#include "reloc/graft/graft_filter.h"

#include <gmock/gmock.h>

#include "reloc/graft/listed_files.h"
#include "tests/unit/mirror/fixture.h"

namespace reloc {
namespace {

using testing::HasSubstr;

class GraftFilterTest : public MirrorTest {
 protected:
  // Makes a pack of a program of the host.
  void MakeProgramPack() {
    FillStore();
    std::filesystem::create_directories(Path("store/" + kItem + "/bin"));
    std::filesystem::copy_file(std::filesystem::canonical("/bin/true"), Path("store/" + kItem + "/bin/true"));
    MakePack("pack", {kItem});
  }

  const std::string kItem = Item('p', "true");
};

TEST_F(GraftFilterTest, RefusesAnObjectThatIsAnotherThanBefore) {
  MakeProgramPack();
  const std::string program = ReadAt(Path("pack/gnu/store/" + kItem + "/bin/true"));
  const PackLists lists = *LoadLists(Path("pack"));
  // What the pack shows while libraries are searched for.
  const std::string shown = Path("pack/gnu/store/" + kItem + "/bin/true");
  std::filesystem::remove(shown);
  std::filesystem::copy_file(std::filesystem::canonical("/lib64/ld-linux-x86-64.so.2"), shown);
  absl::StatusOr<std::unique_ptr<GraftFilter>> filter = GraftFilter::Create(Cache(), Path("pack"));
  ASSERT_TRUE(filter.ok()) << filter.status();
  ASSERT_TRUE((*filter)->Begin(lists.contents, {}).ok());
  std::string bytes = program;
  absl::Status status = (*filter)->FilterFile({kItem, "bin/true", true}, &bytes).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(Message(status), HasSubstr("bin/true was changed while the mirror was made"));
  bytes = ReadAt(shown);
  EXPECT_TRUE((*filter)->FilterFile({kItem, "bin/true", true}, &bytes).ok());
}

TEST(ListedFilesTest, FollowsTheListAlone) {
  pb::Contents contents;
  auto add = [&](const std::string& item, std::vector<std::array<std::string, 2>> files) {
    pb::Item* out = contents.add_items();
    out->set_name(item);
    for (const auto& [path, target] : files) {
      pb::File* file = out->add_files();
      file->set_path(path);
      file->set_type(target == "dir"  ? pb::File::DIRECTORY
                     : target.empty() ? pb::File::REGULAR
                                      : pb::File::SYMLINK);
      if (file->type() == pb::File::SYMLINK) file->set_target(target);
    }
  };
  add("a", {{"", "dir"}, {"lib", "dir"}, {"lib/x.so", ""}, {"lib/x.so.1", "x.so"}, {"up", "../b/deep"}});
  add("b", {{"", "dir"},
            {"deep", "dir"},
            {"deep/y.so", ""},
            {"loop", "loop"},
            {"out", "/etc/passwd"},
            {"above", "../.."}});
  const ListedFiles listed(contents);
  EXPECT_EQ(listed.Find("/a/lib/x.so"), "a/lib/x.so");
  EXPECT_EQ(listed.Find("/a/lib/../lib/./x.so.1"), "a/lib/x.so");
  EXPECT_EQ(listed.Find("/a/up/y.so"), "b/deep/y.so");
  // As text this would be a/lib.
  EXPECT_EQ(listed.Find("/a/up/../lib/x.so"), "");
  EXPECT_EQ(listed.Find("/a/up/../deep/y.so"), "b/deep/y.so");
  for (const char* path : {"", "/", "/a", "/a/lib", "/c", "/../a/lib/x.so", "/b/loop", "/b/out",
                           "/b/above/store/a/lib/x.so", "/a/lib/x.so/z", "/a/up/../../../etc/passwd"}) {
    EXPECT_EQ(listed.Find(path), "") << path;
  }
}

}  // namespace
}  // namespace reloc
