#include "reloc/engine/fakechroot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kLibDir[] = "/glibc/lib";

class FakechrootTest : public testing::Test {
 protected:
  FakechrootTest() {
    std::filesystem::create_directories(store_.path() + kLibDir);
    // A file is represented by the strings in it, each with its NUL.
    WriteFile("ld.so", {"GLIBC_PRIVATE", "--argv0", "GLIBC_2.35"});
  }

  void WriteFile(const std::string& name, const std::vector<std::string>& strings) {
    std::ofstream file(store_.path() + kLibDir + "/" + name);
    for (const std::string& text : strings) file << '\0' << text << '\0';
  }

  ProgramSpec Dynamic() const {
    ProgramSpec spec;
    spec.store_prefix = "/gnu/store";
    spec.store_directory = store_.path();
    spec.program = "/gnu/store/sed/bin/sed";
    spec.kind = ProgramKind::kDynamic;
    spec.interpreter = "/gnu/store/glibc/lib/ld.so";
    return spec;
  }

  ProgramSpec Script() const {
    ProgramSpec spec = Dynamic();
    spec.kind = ProgramKind::kScript;
    spec.program = "/gnu/store/x/bin/script";
    spec.interpreter_loader = spec.interpreter;
    spec.interpreter = "/gnu/store/bash/bin/bash";
    spec.interpreter_name = "/gnu/store/bash/bin/sh";
    spec.interpreter_argument = "-e -u";
    return spec;
  }

  // Returns the plan, one step a line: "20", "21 --argv0", "18 NAME value"; placeholders are %1, %2, %3.
  static std::string Compile(const ProgramSpec& spec) {
    absl::StatusOr<std::string> bytes = CompileFakechroot(spec);
    if (!bytes.ok()) return std::string(bytes.status().message());
    Plan plan;
    size_t used = 0;
    const char* why = nullptr;
    if (!Plan::Parse(*bytes, &plan, &used, &why)) return why;
    std::string text = "\n";
    for (std::span<const Step> part : {plan.prepare(), plan.enter()}) {
      for (const Step& step : part) {
        text += std::to_string(static_cast<int>(step.op));
        for (std::string_view word : {step.a, step.b}) text += word.empty() ? "" : " " + Readable(word);
        text += "\n";
      }
    }
    return text;
  }

  static std::string Readable(std::string_view word) {
    std::string text;
    for (char c : word) text += c < 4 ? std::string{'%', static_cast<char>('0' + c)} : std::string(1, c);
    return text;
  }

  TempDir store_;
};

TEST_F(FakechrootTest, StartsAProgramByItsLoader) {
  std::string plan = Compile(Dynamic());
  EXPECT_THAT(
      plan,
      HasSubstr("\n21 --argv0\n21 %3\n21 %1/gnu/store/sed/bin/sed\n20\n22 %1/gnu/store/glibc/lib/ld.so\n"));
  EXPECT_THAT(
      plan,
      AllOf(HasSubstr("\n19 LD_AUDIT %1/.reloc/lib/audit.so\n"), HasSubstr("\n19 LD_PRELOAD preload.so\n"),
            HasSubstr("\n18 RELOC_LOADER a:/gnu/store:%1:%1/.reloc/lib:%1/gnu/store/glibc/lib/ld.so:"
                      "%1/gnu/store/sed/bin/sed\n")));
  EXPECT_THAT(plan, Not(HasSubstr("LD_BIND_NOW")));
  EXPECT_THAT(plan, Not(HasSubstr("19 GCONV_PATH")));
}

TEST_F(FakechrootTest, StartsAScriptAsTheKernelWould) {
  EXPECT_THAT(Compile(Script()),
              HasSubstr("\n21 --argv0\n21 /gnu/store/bash/bin/sh\n21 %1/gnu/store/bash/bin/bash\n"
                        "21 -e -u\n21 /gnu/store/x/bin/script\n20\n"));
}

TEST_F(FakechrootTest, DoesWithoutWhatAnOlderLoaderLacks) {
  WriteFile("ld.so", {"GLIBC_PRIVATE"});
  std::string plan = Compile(Dynamic());
  EXPECT_THAT(plan, Not(HasSubstr("--argv0")));
  EXPECT_THAT(plan, AllOf(HasSubstr("\n18 LD_BIND_NOW 1\n"), HasSubstr("\n18 RELOC_LOADER n:")));
}

TEST_F(FakechrootTest, PointsToTheConvertersBesideTheLoader) {
  std::filesystem::create_directory(store_.path() + kLibDir + "/gconv");
  WriteFile("gconv/gconv-modules", {});
  EXPECT_THAT(Compile(Dynamic()), AllOf(HasSubstr("\n19 GCONV_PATH %1/gnu/store/glibc/lib/gconv\n"),
                                        HasSubstr("\n18 RELOC_LOADER ag:")));
}

TEST_F(FakechrootTest, RefusesWhatNoLoaderStarts) {
  ProgramSpec spec = Dynamic();
  spec.kind = ProgramKind::kStatic;
  EXPECT_THAT(Compile(spec), HasSubstr("32 the program is static"));
  spec = Script();
  spec.interpreter_loader.clear();
  EXPECT_THAT(Compile(spec), HasSubstr("32 its interpreter /gnu/store/bash/bin/bash is static or a script"));
  spec = Dynamic();
  spec.interpreter = "/lib64/ld.so";
  EXPECT_THAT(Compile(spec), HasSubstr("32 its loader /lib64/ld.so is the host's"));
}

TEST_F(FakechrootTest, LeavesTheHostsInterpretersToTheHost) {
  ProgramSpec spec = Script();
  spec.interpreter = spec.interpreter_name = "/usr/bin/env";
  spec.interpreter_argument = "python3";
  EXPECT_THAT(Compile(spec),
              AllOf(HasSubstr("\n19 LD_PRELOAD %1/.reloc/lib/preload.so\n"),
                    HasSubstr("\n18 RELOC_LOADER :/gnu/store:%1:%1/.reloc/lib::\n"),
                    HasSubstr("\n21 python3\n21 /gnu/store/x/bin/script\n20\n22 /usr/bin/env\n"),
                    Not(HasSubstr("LD_AUDIT"))));
}

TEST_F(FakechrootTest, RefusesOtherLibcs) {
  WriteFile("ld.so", {"musl"});
  EXPECT_THAT(Compile(Dynamic()), HasSubstr("is not glibc's"));
}

TEST_F(FakechrootTest, NamesALoaderThatCannotBeRead) {
  std::filesystem::remove(store_.path() + kLibDir + "/ld.so");
  EXPECT_THAT(Compile(Dynamic()), HasSubstr("/glibc/lib/ld.so"));
}

}  // namespace
}  // namespace reloc
