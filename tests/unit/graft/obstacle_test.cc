#include "reloc/graft/obstacle.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

using testing::HasSubstr;

constexpr char kText[] = "see /gnu/store/x/bin/sh\n";

std::string Obstacle(const std::string& bytes, const std::string& path = "lib/file") {
  return FindObstacle(PrefixRewriter("/gnu/store", "/tmp/abcde"), path, bytes);
}

// Returns what `command` makes from `text`.
std::string Through(const std::string& command, const std::string& text) {
  TempDir dir;
  std::ofstream(dir / "in") << text;
  const std::string line = "cd " + dir.path() + " && " + command;
  EXPECT_EQ(std::system(line.c_str()), 0) << line;
  std::stringstream out;
  out << std::ifstream(dir / "out").rdbuf();
  return out.str();
}

std::string Wide(const std::string& text, size_t width, bool big_endian) {
  std::string wide;
  for (char c : text) {
    if (big_endian) wide.append(width - 1, '\0');
    wide.push_back(c);
    if (!big_endian) wide.append(width - 1, '\0');
  }
  return wide;
}

// Returns an ELF file whose only segment is `content`, with `flags`.
std::string Elf(const std::string& content, uint32_t flags) {
  Elf64_Ehdr header{};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = flags;
  segment.p_offset = 128;
  segment.p_filesz = content.size();
  std::string image(128, '\0');
  memcpy(image.data(), &header, sizeof header);
  memcpy(image.data() + sizeof header, &segment, sizeof segment);
  return image + content;
}

TEST(FindObstacle, PlainTextAndProgramsHaveNone) {
  EXPECT_EQ(Obstacle(kText), "");
  EXPECT_EQ(Obstacle(""), "");
  EXPECT_EQ(Obstacle(Elf("/gnu/store/x", PF_R | PF_X)), "");
}

TEST(FindObstacle, LooksIntoCompressedFiles) {
  for (const char* command : {"gzip -c", "bzip2 -c", "xz -c", "zstd -qc"}) {
    EXPECT_THAT(Obstacle(Through(std::string(command) + " <in >out", kText)), HasSubstr("inside")) << command;
    EXPECT_EQ(Obstacle(Through(std::string(command) + " <in >out", "nothing\n")), "") << command;
  }
  EXPECT_THAT(Obstacle(Through("gzip <in | xz >out", kText)), HasSubstr("an xz file"));
  EXPECT_THAT(Obstacle(Through("tar c in | gzip >out", kText)), HasSubstr("a gzip file"));
}

TEST(FindObstacle, LooksIntoZipArchivesMemberByMember) {
  const std::string zip = "/usr/bin/python3 -c \"import zipfile; z = zipfile.ZipFile('out', 'w', ";
  const std::string members = "z.writestr('a', 'b'); z.write('in'); z.close()\"";
  for (const char* method : {"zipfile.ZIP_DEFLATED); ", "zipfile.ZIP_STORED); "}) {
    EXPECT_THAT(Obstacle(Through(zip + method + members, kText)), HasSubstr("a zip archive")) << method;
    EXPECT_EQ(Obstacle(Through(zip + method + members, "nothing")), "") << method;
  }
}

TEST(FindObstacle, WhatOnlyPeopleReadMayStay) {
  const std::string page = Through("gzip <in >out", kText);
  for (const char* path : {"share/man/man1/sed.1.gz", "share/doc/sed/NEWS.gz", "share/info/sed.info.gz"})
    EXPECT_EQ(Obstacle(page, path), "");
  EXPECT_NE(Obstacle(page, "share/data.gz"), "");
}

TEST(FindObstacle, KnowsWideCharacters) {
  // At every alignment, among zeros, digits and small numbers.
  for (bool big_endian : {false, true}) {
    for (size_t shift = 0; shift < 100; ++shift) {
      for (const std::string& around :
           {std::string(shift, '\0'), std::string(shift, '/'), Wide("/g", 4, shift % 2)}) {
        const std::string before = around.substr(0, shift);
        EXPECT_THAT(Obstacle(before + Wide(kText, 2, big_endian) + around), HasSubstr("UTF-16"));
        EXPECT_THAT(Obstacle(before + Wide(kText, 4, big_endian) + around), HasSubstr("UTF-32"));
        EXPECT_EQ(Obstacle(before + Wide("/gnu/stock", 4, big_endian) + around), "");
      }
    }
  }
}

TEST(FindObstacle, KnowsChecksums) {
  EXPECT_THAT(Obstacle(Through("tar cf out in", kText)), HasSubstr("tar archive"));
  EXPECT_EQ(Obstacle(Through("tar cf out in", "nothing\n")), "");
  EXPECT_THAT(Obstacle(std::string("\x89PNG\r\n\x1a\n") + kText), HasSubstr("PNG"));
}

TEST(FindObstacle, KnowsNamesThatACompilerTookApart) {
  const std::string code = std::string("\x48\xb8") + "/gnu/sto" + std::string("\x66\xc7\x40\x08") + "re";
  EXPECT_THAT(Obstacle(Elf(code, PF_R | PF_X)), HasSubstr("machine code"));
  EXPECT_EQ(Obstacle(Elf(code, PF_R)), "");
  EXPECT_EQ(Obstacle(code), "");  // a text that happens to look like that
}

TEST(FindObstacle, DamagedFilesAreNoProblem) {
  std::string gzip = Through("gzip <in >out", kText);
  for (size_t size = 0; size < gzip.size(); ++size) (void)Obstacle(gzip.substr(0, size));
  std::string elf = Elf("\x48\xb8/gnu/sto", PF_X);
  for (size_t size = 0; size < elf.size(); ++size) (void)Obstacle(elf.substr(0, size));
}

}  // namespace
}  // namespace reloc
