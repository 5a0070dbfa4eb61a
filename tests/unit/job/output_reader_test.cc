#include "reloc/job/output_reader.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "tests/unit/job/fixture.h"

namespace reloc {
namespace {

using testing::EndsWith;

class OutputReaderTest : public OutputTest {
 protected:
  OutputReader Reader() const {
    absl::StatusOr<OutputReader> reader = OutputReader::Open(Dir(), "7");
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }
  std::string Tail(std::optional<uint64_t> lines) const {
    OutputReader reader = Reader();
    if (lines) {
      EXPECT_TRUE(reader.SkipToTail(*lines).ok());
    }
    UniqueFd memory(memfd_create("output", MFD_CLOEXEC));
    EXPECT_TRUE(reader.Copy(memory.get()).ok());
    return Content(memory.get());
  }
  static std::string Content(int fd) {
    std::string text(static_cast<size_t>(lseek(fd, 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }
};

// Follows in a thread of its own until the writer has ended.
class Follower {
 public:
  explicit Follower(OutputReader reader) : memory_(memfd_create("output", MFD_CLOEXEC)) {
    thread_ = std::thread(
        [this, reader = std::move(reader)]() mutable { EXPECT_TRUE(reader.Follow(memory_.get()).ok()); });
  }
  ~Follower() {
    if (thread_.joinable()) thread_.join();
  }
  // Returns whether at least `size` bytes came, within a time that only limits the test.
  bool Has(off_t size) const {
    for (int i = 0; i < 10'000 && lseek(memory_.get(), 0, SEEK_CUR) < size; ++i) usleep(1000);
    return lseek(memory_.get(), 0, SEEK_CUR) >= size;
  }
  std::string Finish() {
    thread_.join();
    std::string text(static_cast<size_t>(lseek(memory_.get(), 0, SEEK_CUR)), '\0');
    EXPECT_EQ(pread(memory_.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }

 private:
  UniqueFd memory_;
  std::thread thread_;
};

TEST_F(OutputReaderTest, NothingKeptIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(OutputReader::Open(Dir(), "7").status()));
  OutputLog log = Open();
  EXPECT_TRUE(absl::IsNotFound(OutputReader::Open(Dir(), "8").status()));
}

TEST_F(OutputReaderTest, AllOrTheLastLines) {
  OutputLog log = Open();
  EXPECT_EQ(Tail({}), "");
  EXPECT_EQ(Tail(3), "");
  log.Append("one\ntwo\n\nfour\n");
  EXPECT_EQ(Tail({}), "one\ntwo\n\nfour\n");
  EXPECT_EQ(Tail(0), "");
  EXPECT_EQ(Tail(1), "four\n");
  EXPECT_EQ(Tail(2), "\nfour\n");
  EXPECT_EQ(Tail(4), "one\ntwo\n\nfour\n");
  EXPECT_EQ(Tail(UINT64_MAX / 2), "one\ntwo\n\nfour\n");
  log.Append("five");
  EXPECT_EQ(Tail(1), "five");
  EXPECT_EQ(Tail(2), "four\nfive");
}

TEST_F(OutputReaderTest, TheLastLinesAcrossBothFiles) {
  OutputLog log = Open(2 * 4096);
  const std::string text = Lines(0, 4096 / 8 + 2);  // two lines in the newer file
  log.Append(text);
  EXPECT_EQ(Read("7").size(), 16u);
  EXPECT_EQ(Tail({}), text);
  for (int lines : {1, 2, 3, 100, 513, 514}) EXPECT_EQ(Tail(lines), Lines(514 - lines, lines)) << lines;
  EXPECT_EQ(Tail(515), text);
}

TEST_F(OutputReaderTest, TheLastLinesOfLongOnes) {
  OutputLog log = Open(64 << 20);
  const std::string line = std::string(200'000, 'x') + "\n";
  log.Append("first\n" + line + line);
  EXPECT_EQ(Tail(1), line);
  EXPECT_EQ(Tail(2), line + line);
}

TEST_F(OutputReaderTest, FollowsUntilTheWriterIsGone) {
  std::optional<OutputLog> log(Open());
  log->Append("one\n");
  Follower follower(Reader());
  EXPECT_TRUE(follower.Has(4));
  log->Append("two\n");
  EXPECT_TRUE(follower.Has(8));
  log->Append("three");
  log.reset();
  EXPECT_EQ(follower.Finish(), "one\ntwo\nthree");
}

TEST_F(OutputReaderTest, FollowingWhatHasEndedEnds) {
  Open().Append("done\n");
  EXPECT_EQ(Follower(Reader()).Finish(), "done\n");
}

TEST_F(OutputReaderTest, FollowsAWriterThatIsKilled) {
  Open();  // the reader needs a file
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  pid_t writer = fork();
  if (writer == 0) {
    OutputLog log = Open();
    log.Append("alive\n");
    if (write(ready[1], "x", 1) != 1) _exit(2);
    pause();
    _exit(1);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  Follower follower(Reader());
  EXPECT_TRUE(follower.Has(6));
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
  EXPECT_EQ(follower.Finish(), "alive\n");
}

TEST_F(OutputReaderTest, LosesNothingWhenFilesRotate) {
  constexpr int kLine = 8;
  constexpr int kBurst = 400;  // lines; less than a file holds, so that a running reader keeps up
  std::optional<OutputLog> log(Open(8192));
  Follower follower(Reader());
  for (int burst = 0; burst < 200; ++burst) {
    log->Append(Lines(burst * kBurst, kBurst));
    ASSERT_TRUE(follower.Has((burst + 1) * kBurst * kLine)) << burst;
  }
  log.reset();
  EXPECT_EQ(follower.Finish(), Lines(0, 200 * kBurst));
}

TEST_F(OutputReaderTest, AReaderThatStaysBehindGetsTheNewest) {
  std::optional<OutputLog> log(Open(8192));
  OutputReader reader = Reader();
  const std::string text = Lines(0, 100'000);
  log->Append(text);
  log.reset();
  std::string got = Follower(std::move(reader)).Finish();
  EXPECT_EQ(got.substr(0, 4096), text.substr(0, 4096));  // the file that it had open
  EXPECT_THAT(text, EndsWith(got.substr(4096)));
  EXPECT_GE(got.size(), 8192u);
}

TEST_F(OutputReaderTest, OpensBothWhileTheyRotate) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    OutputLog log = Open(8192);
    for (int i = 0; !stop; i = (i + 100) % 1'000'000) log.Append(Lines(i, 100));
  });
  while (!OutputReader::Open(Dir(), "7").ok()) usleep(1000);
  for (int i = 0; i < 300; ++i) {
    OutputReader reader = Reader();
    UniqueFd memory(memfd_create("output", MFD_CLOEXEC));
    EXPECT_TRUE(reader.Copy(memory.get()).ok());
    std::string text = Content(memory.get());
    if (text.size() < 8) continue;
    EXPECT_EQ(text, Lines(stoi(text.substr(0, 8)), static_cast<int>(text.size() / 8)).substr(0, text.size()));
  }
  stop = true;
  writer.join();
}

TEST_F(OutputReaderTest, EndsWhenNobodyReadsIt) {
  OutputLog log = Open();
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  OutputReader reader = Reader();
  std::thread follower([&] { EXPECT_TRUE(reader.Follow(pipe_fds[1]).ok()); });
  close(pipe_fds[0]);
  follower.join();
  close(pipe_fds[1]);
}

}  // namespace
}  // namespace reloc
