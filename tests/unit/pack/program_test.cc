#include "reloc/pack/program.h"

#include <gmock/gmock.h>

#include "tests/unit/pack/fixture.h"

namespace reloc {
namespace {

using testing::HasSubstr;

class ProgramTest : public PackTest {
 protected:
  absl::StatusOr<ProgramSpec> Resolve(const std::string& content, mode_t mode = 0755) {
    std::string path = Item('a', "item/bin/program");
    Write(absl::StrCat("store/", path), content, mode);
    return ResolveProgram(Store(), absl::StrCat("/gnu/store/", path));
  }
};

TEST_F(ProgramTest, TakesAScriptLineApart) {
  absl::StatusOr<ProgramSpec> spec = Resolve("#! /bin/sh  -e -u \necho\n");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->kind, ProgramKind::kScript);
  EXPECT_EQ(spec->interpreter, "/bin/sh");
  EXPECT_EQ(spec->interpreter_name, "/bin/sh");
  EXPECT_EQ(spec->interpreter_argument, "-e -u");
  EXPECT_EQ(spec->interpreter_loader, "");
  EXPECT_EQ(spec->store_prefix, "/gnu/store");
}

TEST_F(ProgramTest, KeepsTheNameOfAnInterpreterInTheStore) {
  Write(absl::StrCat("store/", Item('b', "bash"), "/bin/bash"), "#!/bin/true\n", 0755);
  Link(absl::StrCat("store/", Item('b', "bash"), "/bin/sh"), "bash");
  std::string sh = absl::StrCat("/gnu/store/", Item('b', "bash"), "/bin/sh");
  absl::StatusOr<ProgramSpec> spec = Resolve(absl::StrCat("#!", sh, "\n"));
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->interpreter_name, sh);
  EXPECT_EQ(spec->interpreter, absl::StrCat("/gnu/store/", Item('b', "bash"), "/bin/bash"));
}

TEST_F(ProgramTest, ReadsTheHostsElfPrograms) {
  std::filesystem::create_directories(Path(absl::StrCat("store/", Item('c', "sh"))));
  std::filesystem::copy_file("/proc/self/exe", Path(absl::StrCat("store/", Item('c', "sh"), "/test")));
  absl::StatusOr<ProgramSpec> spec =
      ResolveProgram(Store(), absl::StrCat("/gnu/store/", Item('c', "sh"), "/test"));
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->kind, ProgramKind::kDynamic);
  EXPECT_THAT(spec->interpreter, HasSubstr("/ld-"));
}

TEST_F(ProgramTest, SaysWhyItIsNoProgram) {
  EXPECT_THAT(Message(Resolve("text").status()), HasSubstr("neither an ELF program nor a script"));
  EXPECT_THAT(Message(Resolve("").status()), HasSubstr("neither an ELF program nor a script"));
  EXPECT_THAT(Message(Resolve("\177ELF").status()), HasSubstr("program"));
  EXPECT_THAT(Message(Resolve("#!/bin/sh\n", 0644).status()), HasSubstr("not executable"));
  EXPECT_THAT(Message(Resolve("#!sh\n").status()), HasSubstr("no absolute path"));
  EXPECT_THAT(Message(Resolve(absl::StrCat("#!/", std::string(300, 'x'), "\n")).status()),
              HasSubstr("longer than"));
  EXPECT_THAT(Message(Resolve("#!/gnu/store/gone/sh\n").status()),
              HasSubstr("/gnu/store/gone/sh is not in the store"));
}

TEST_F(ProgramTest, RefusesALinkOutOfTheStore) {
  Link(absl::StrCat("store/", Item('a', "item"), "/sh"), "/bin/sh");
  absl::Status status =
      ResolveProgram(Store(), absl::StrCat("/gnu/store/", Item('a', "item"), "/sh")).status();
  EXPECT_THAT(Message(status), HasSubstr("which is not in the store"));
}

}  // namespace
}  // namespace reloc
