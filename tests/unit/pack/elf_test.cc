#include "reloc/pack/elf.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace reloc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A small file with one loaded segment that begins at offset 0, an interpreter and a dynamic section.
class TestElf {
 public:
  static constexpr uint64_t kAddress = 0x400000;
  static constexpr char kInterp[] = "/store/lib/ld.so";
  static constexpr char kStrings[] = "\0libz.so.1\0libc.so.6\0/store/a:$ORIGIN/b\0me.so";

  TestElf() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = EM_X86_64;
    header.e_phoff = sizeof(header);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = std::size(segments);

    const uint64_t interp_at = sizeof(header) + sizeof(segments);
    const uint64_t strings_at = interp_at + sizeof(kInterp);
    const uint64_t dynamic_at = strings_at + sizeof(kStrings);
    const uint64_t size = dynamic_at + sizeof(dynamic);
    load() = {PT_LOAD, PF_R, 0, kAddress, kAddress, size, size, 0x1000};
    interp() = {PT_INTERP, PF_R, interp_at, 0, 0, sizeof(kInterp), sizeof(kInterp), 1};
    dynamic_segment() = {PT_DYNAMIC, PF_R, dynamic_at, 0, 0, sizeof(dynamic), sizeof(dynamic), 8};
    dynamic[0] = {DT_STRTAB, {kAddress + strings_at}};
    dynamic[1] = {DT_STRSZ, {sizeof(kStrings)}};
    dynamic[2] = {DT_NEEDED, {1}};
    dynamic[3] = {DT_NEEDED, {11}};
    dynamic[4] = {DT_RUNPATH, {21}};
    dynamic[5] = {DT_SONAME, {40}};
    dynamic[6] = {DT_FLAGS_1, {DF_1_PIE}};
    dynamic[7] = {DT_NULL, {0}};
  }

  Elf64_Phdr& load() { return segments[0]; }
  Elf64_Phdr& interp() { return segments[1]; }
  Elf64_Phdr& dynamic_segment() { return segments[2]; }

  std::string Bytes() const {
    std::string bytes;
    auto append = [&](const void* data, size_t size) { bytes.append(static_cast<const char*>(data), size); };
    append(&header, sizeof(header));
    append(segments, sizeof(segments));
    append(kInterp, sizeof(kInterp));
    append(kStrings, sizeof(kStrings));
    append(dynamic, sizeof(dynamic));
    return bytes;
  }

  absl::StatusOr<ElfInfo> Parse() const {
    const std::string bytes = Bytes();
    return ParseElf(std::as_bytes(std::span(bytes)), "test.elf");
  }

  std::string Error() const {
    const auto info = Parse();
    return info.ok() ? "no error" : std::string(info.status().message());
  }

  Elf64_Ehdr header = {};
  Elf64_Phdr segments[3] = {};
  Elf64_Dyn dynamic[8] = {};
};

TEST(ElfTest, ReadsWhatALoaderReads) {
  const auto info = TestElf().Parse();
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->type, ET_DYN);
  EXPECT_EQ(info->machine, EM_X86_64);
  EXPECT_EQ(info->interp, "/store/lib/ld.so");
  EXPECT_THAT(info->needed, ElementsAre("libz.so.1", "libc.so.6"));
  EXPECT_EQ(info->runpath, "/store/a:$ORIGIN/b");
  EXPECT_EQ(info->rpath, "");
  EXPECT_EQ(info->soname, "me.so");
  EXPECT_TRUE(info->dynamic);
  EXPECT_FALSE(info->static_executable);
}

TEST(ElfTest, TellsStaticProgramsFromLibraries) {
  TestElf elf;
  elf.interp().p_type = PT_NULL;
  elf.dynamic[2].d_tag = elf.dynamic[3].d_tag = DT_DEBUG;  // needs nothing
  EXPECT_TRUE(elf.Parse()->static_executable) << "static-pie";
  elf.dynamic[6].d_un.d_val = 0;
  EXPECT_FALSE(elf.Parse()->static_executable) << "a shared library without needs, as ld.so is one";
  elf.header.e_type = ET_EXEC;
  EXPECT_TRUE(elf.Parse()->static_executable) << "static";
}

TEST(ElfTest, RefusesWhatItDoesNotUnderstand) {
  TestElf elf;
  elf.header.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(elf.Error(), "test.elf: unsupported ELF class: only 64-bit programs are supported");
  elf = TestElf();
  elf.header.e_ident[EI_DATA] = ELFDATA2MSB;
  EXPECT_THAT(elf.Error(), HasSubstr("only little-endian"));
  elf = TestElf();
  elf.header.e_ident[0] = '#';
  EXPECT_EQ(elf.Error(), "test.elf: not an ELF file");
  EXPECT_EQ(ParseElf({}, "empty").status().message(), "empty: not an ELF file");
}

TEST(ElfTest, RefusesValuesThatPointOutside) {
  TestElf elf;
  elf.header.e_phoff = ~0ULL - 8;
  EXPECT_THAT(elf.Error(), HasSubstr("the program header table lies outside"));
  elf = TestElf();
  elf.header.e_phentsize = 8;
  EXPECT_THAT(elf.Error(), HasSubstr("program headers of 8 bytes"));
  elf = TestElf();
  elf.dynamic_segment().p_filesz = ~0ULL;
  EXPECT_THAT(elf.Error(), HasSubstr("implausibly large dynamic section"));
  elf = TestElf();
  elf.dynamic_segment().p_offset = ~0ULL - 64;
  EXPECT_THAT(elf.Error(), HasSubstr("the dynamic section lies outside"));
  elf = TestElf();
  elf.dynamic[0].d_un.d_val = 0x1234;
  EXPECT_THAT(elf.Error(), HasSubstr("the dynamic string table lies in no segment"));
  elf = TestElf();
  elf.dynamic[2].d_un.d_val = sizeof(TestElf::kStrings);
  EXPECT_THAT(elf.Error(), HasSubstr("lies outside the dynamic string table"));
  elf = TestElf();
  elf.dynamic[1].d_un.d_val = 5;  // ends inside the first name
  elf.dynamic[3].d_tag = elf.dynamic[4].d_tag = elf.dynamic[5].d_tag = DT_DEBUG;
  EXPECT_THAT(elf.Error(), HasSubstr("has no end"));
  elf = TestElf();
  elf.interp().p_filesz = 4;
  EXPECT_THAT(elf.Error(), HasSubstr("the interpreter's name has no end"));
  elf = TestElf();
  elf.load().p_offset = ~0ULL - 16;
  EXPECT_THAT(elf.Error(), HasSubstr("lies in no segment"));
}

TEST(ElfTest, ReadsNamesThatExtendOverTwoSegments) {
  TestElf elf;
  const uint64_t size = elf.load().p_filesz;
  const uint64_t split = elf.dynamic[0].d_un.d_val - TestElf::kAddress + 5;  // in the first name
  elf.load().p_filesz = split;
  elf.interp() = {PT_LOAD, PF_R, split, TestElf::kAddress + split, 0, size - split, size - split, 1};
  const auto info = elf.Parse();
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_THAT(info->needed, ElementsAre("libz.so.1", "libc.so.6"));
}

TEST(ElfTest, EveryTruncationIsOneLineThatNamesTheFile) {
  const std::string bytes = TestElf().Bytes();
  for (size_t size = 0; size + sizeof(Elf64_Dyn) < bytes.size(); ++size) {
    const auto info = ParseElf(std::as_bytes(std::span(bytes.data(), size)), "test.elf");
    ASSERT_FALSE(info.ok()) << size;
    EXPECT_THAT(std::string(info.status().message()), StartsWith("test.elf: "));
    EXPECT_THAT(std::string(info.status().message()), Not(HasSubstr("\n")));
  }
}

TEST(ElfTest, ReadsItself) {
  const auto info = ReadElf("/proc/self/exe");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_FALSE(info->interp.empty());
  EXPECT_THAT(info->needed, testing::Contains("libc.so.6"));
}

class ElfFileTest : public testing::Test {
 protected:
  ElfFileTest() {
    std::string path = testing::TempDir() + "elf_test.XXXXXX";
    directory_ = mkdtemp(path.data());
  }
  ~ElfFileTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

TEST_F(ElfFileTest, SaysWhichFileAndWhy) {
  const std::string path = directory_ / "program";
  EXPECT_EQ(ReadElf(path).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(ReadElf(path).status().message()), StartsWith(path + ": cannot open"));
  EXPECT_THAT(std::string(ReadElf(directory_).status().message()), HasSubstr("not a regular file"));
  std::ofstream(path) << "#!/bin/sh\n";
  EXPECT_EQ(ReadElf(path).status().message(), path + ": not an ELF file");
  EXPECT_FALSE(IsElf(path));
  std::ofstream(path) << "\177ELF";
  EXPECT_TRUE(IsElf(path));
  EXPECT_THAT(std::string(ReadElf(path).status().message()), HasSubstr("truncated"));
}

TEST_F(ElfFileTest, DoesNotWaitForTheWriterOfAFifo) {
  const std::string path = directory_ / "fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(ReadElf(path).ok());
  EXPECT_FALSE(IsElf(path));
}

}  // namespace
}  // namespace reloc
