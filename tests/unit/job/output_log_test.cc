#include "reloc/job/output_log.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/job/fixture.h"

namespace reloc {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

mode_t ModeOf(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(stat(path.c_str(), &st), 0) << path;
  return st.st_mode & 07777;
}

// Simulates a full disk: no file can grow beyond `bytes`.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    struct rlimit limit = {bytes, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  struct rlimit before_ = {};
  sighandler_t handler_;
};

using OutputLogTest = OutputTest;

TEST_F(OutputLogTest, KeepsBytesAsTheyAre) {
  const std::string bytes("a\0b\xff\r\nno newline", 17);
  OutputLog log = Open();
  log.Append(bytes.substr(0, 5));
  log.Append(bytes.substr(5));
  log.Append("");
  EXPECT_EQ(Read("7"), bytes);
}

TEST_F(OutputLogTest, IsForItsOwnerWhateverTheUmask) {
  for (mode_t mask : {0000, 0777}) {
    mode_t before = umask(mask);
    std::filesystem::remove_all(Dir());
    { Open().Append("x"); }
    umask(before);
    EXPECT_EQ(ModeOf(Dir()), 0700);
    EXPECT_EQ(ModeOf(Dir() + "/7"), 0600);
  }
}

TEST_F(OutputLogTest, RotatesWithinItsLimitAndKeepsTheNewest) {
  constexpr uint64_t kLimit = 32 * 1024;
  const std::string text = Lines(0, 20'000);
  {
    OutputLog log = Open(kLimit);
    for (size_t at = 0; at < text.size(); at += 1000) log.Append(std::string_view(text).substr(at, 1000));
  }
  std::string kept = Read("7.1") + Read("7");
  EXPECT_LE(kept.size(), kLimit);
  EXPECT_GE(kept.size(), kLimit / 2);
  EXPECT_THAT(text, EndsWith(kept));
  EXPECT_FALSE(std::filesystem::exists(Dir() + "/7.new"));
}

TEST_F(OutputLogTest, OneWriteMayBeMuchLargerThanTheLimit) {
  const std::string text = Lines(0, 100'000);
  Open(16 * 1024).Append(text);
  EXPECT_THAT(text, EndsWith(Read("7.1") + Read("7")));
}

TEST_F(OutputLogTest, SaysWhatAFullDiskCost) {
  OutputLog log = Open();
  log.Append("kept\n");
  {
    FullDisk full(10);
    log.Append("half of it");
    log.Append("lost");
  }
  log.Append("again\n");
  EXPECT_EQ(Read("7"), "kept\nhalf \n[relocd: 9 bytes of output could not be kept: File too large]\nagain\n");
}

TEST_F(OutputLogTest, ANoteIsWholeOrNotThere) {
  OutputLog log = Open();
  {
    FullDisk full(5);
    log.Append("12345678");
  }
  {
    FullDisk full(20);
    log.Append("x");
  }
  EXPECT_EQ(Read("7"), "12345");
  log.Append("y");
  EXPECT_EQ(Read("7"), "12345\n[relocd: 4 bytes of output could not be kept: File too large]\ny");
}

TEST_F(OutputLogTest, TheLastNoteIsWrittenAtTheEnd) {
  {
    OutputLog log = Open();
    {
      FullDisk full(0);
      log.Append("lost\n");
    }
    EXPECT_EQ(Read("7"), "");
  }
  EXPECT_THAT(Read("7"), HasSubstr("5 bytes of output could not be kept"));
}

TEST_F(OutputLogTest, StaysBelowTheFileSizeLimit) {
  const std::string text = Lines(0, 10'000);
  FullDisk full(10'000);
  signal(SIGXFSZ, SIG_DFL);  // otherwise this would end the test
  Open(1 << 20).Append(text);
  std::string kept = Read("7.1") + Read("7");
  EXPECT_GT(kept.size(), 10'000u);
  EXPECT_THAT(text, EndsWith(kept));
}

TEST_F(OutputLogTest, SurvivesTheLossOfItsFilesAndDirectory) {
  OutputLog log = Open(8192);
  log.Append("gone");
  std::filesystem::remove(Dir() + "/7");
  const std::string text = Lines(0, 10'000);
  log.Append(text);
  EXPECT_THAT(text, EndsWith(Read("7.1") + Read("7")));
  std::filesystem::remove_all(Dir());
  log.Append(text);
  EXPECT_FALSE(std::filesystem::exists(Dir()));
}

TEST_F(OutputLogTest, GoesOnWithWhatIsThere) {
  { Open().Append("one\n"); }
  { Open().Append("two\n"); }
  EXPECT_EQ(Read("7"), "one\ntwo\n");
}

TEST_F(OutputLogTest, AFileThatCannotBeIsAnErrorThatNamesIt) {
  std::ofstream(Dir()) << "in the way";
  absl::Status in_the_way = OutputLog::Open(Dir(), "7", 4096).status();
  EXPECT_THAT(std::string(in_the_way.message()), HasSubstr(Dir()));
  std::filesystem::remove(Dir());
  std::filesystem::create_directories(Dir());
  std::filesystem::create_symlink("/etc/passwd", Dir() + "/7");
  absl::Status symlink = OutputLog::Open(Dir(), "7", 4096).status();
  EXPECT_THAT(std::string(symlink.message()), HasSubstr(Dir() + "/7"));
}

}  // namespace
}  // namespace reloc
