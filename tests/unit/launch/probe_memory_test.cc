#include "reloc/launch/probe_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "reloc/launch/daemon_dir.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

class ProbeMemory : public testing::Test {
 protected:
  void SetUp() override {
    Result<DaemonDirectory> fd = OpenDaemonDir(temp_.path().c_str());
    ASSERT_TRUE(fd.ok());
    dir_ = std::move(fd->fd);
    if (RememberVerdict(dir_.get(), Probe::kUserns, Verdict::kFails).value == EOPNOTSUPP) {
      GTEST_SKIP() << "a seccomp filter is active; run the tests outside of a container";
    }
  }

  std::string Path() const { return temp_ / kProbesFile; }

  std::string Text() const {
    std::ifstream file(Path());
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Verdict VerdictOf(const std::string& text) {
    std::ofstream(Path()) << text;
    return FindVerdict(dir_.get(), Probe::kUserns);
  }

  TempDir temp_;
  UniqueFd dir_;
};

TEST_F(ProbeMemory, RemembersEachProbeAndForgets) {
  EXPECT_EQ(FindVerdict(dir_.get(), Probe::kProot), Verdict::kUnknown);
  ASSERT_TRUE(RememberVerdict(dir_.get(), Probe::kProot, Verdict::kWorks).ok());
  EXPECT_EQ(FindVerdict(dir_.get(), Probe::kUserns), Verdict::kFails);
  EXPECT_EQ(FindVerdict(dir_.get(), Probe::kProot), Verdict::kWorks);
  ASSERT_TRUE(RememberVerdict(dir_.get(), Probe::kUserns, Verdict::kUnknown).ok());
  EXPECT_EQ(FindVerdict(dir_.get(), Probe::kUserns), Verdict::kUnknown);
  EXPECT_EQ(FindVerdict(dir_.get(), Probe::kProot), Verdict::kWorks);
}

TEST_F(ProbeMemory, AnotherPlaceIsNotBelieved) {
  const std::string text = Text();
  ASSERT_EQ(VerdictOf(text), Verdict::kFails);
  for (const char* word : {" boot ", " uid ", " admin ", " namespaces ", " root "}) {
    std::string other = text;
    size_t at = other.find(word);
    ASSERT_NE(at, std::string::npos);
    other[at + std::string(word).size()] ^= 1;  // another digit
    EXPECT_EQ(VerdictOf(other), Verdict::kUnknown) << word;
  }
}

TEST_F(ProbeMemory, DamagedFilesSayNothing) {
  const std::string text = Text();
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(VerdictOf(text.substr(0, size)), Verdict::kUnknown) << size;
  }
  EXPECT_EQ(VerdictOf(text + std::string(2000, '\n')), Verdict::kUnknown);
  EXPECT_EQ(VerdictOf(std::string(100, '\0')), Verdict::kUnknown);
}

TEST_F(ProbeMemory, OnlyPlainFilesAreReadAndNothingIsWaitedFor) {
  std::string real = temp_ / "real";
  ASSERT_EQ(rename(Path().c_str(), real.c_str()), 0);
  ASSERT_EQ(symlink(real.c_str(), Path().c_str()), 0);
  EXPECT_EQ(FindVerdict(dir_.get(), Probe::kUserns), Verdict::kUnknown);
  ASSERT_EQ(unlink(Path().c_str()), 0);
  ASSERT_EQ(mkfifo(Path().c_str(), 0600), 0);
  EXPECT_EQ(FindVerdict(dir_.get(), Probe::kUserns), Verdict::kUnknown);
  ASSERT_TRUE(RememberVerdict(dir_.get(), Probe::kUserns, Verdict::kWorks).ok());
  EXPECT_EQ(FindVerdict(dir_.get(), Probe::kUserns), Verdict::kWorks);
}

TEST_F(ProbeMemory, LeftoversOfAKilledWriterGoAway) {
  std::ofstream(temp_ / "probes.new") << "half";
  EXPECT_EQ(RememberVerdict(dir_.get(), Probe::kProot, Verdict::kFails).value, EBUSY);
  EXPECT_TRUE(RememberVerdict(dir_.get(), Probe::kProot, Verdict::kFails).ok());
  EXPECT_NE(access((temp_ / "probes.new").c_str(), F_OK), 0);
}

TEST(ProbeMemoryWithoutDirectory, KnowsNothing) {
  EXPECT_EQ(FindVerdict(-1, Probe::kUserns), Verdict::kUnknown);
  EXPECT_EQ(RememberVerdict(-1, Probe::kUserns, Verdict::kFails).value, EBADF);
}

}  // namespace
}  // namespace reloc
