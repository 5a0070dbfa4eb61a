#include "daemon/roots/registry_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "reloc/base/file.h"
#include "reloc/launch/daemon_dir.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

// The reader is the real one. This test is the holder, and its own namespaces are the roots.
class RegistryWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_.Reset(open(temp_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    mount_ns_.Reset(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    other_ns_.Reset(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    place_ = *ReadCallerContext();
    writer_.emplace(dir_.get());
    ASSERT_TRUE(writer_->Reset({.pid = getpid()}, place_).ok());
  }
  static RootKey Key(uint64_t number) { return {FileId{1, number}, PackDigest{}, number}; }
  static uint64_t Inode(const UniqueFd& fd) { return Identify(fd.get())->inode; }

  absl::Status Publish(uint64_t number) {
    return writer_->Publish(Key(number), mount_ns_.get(), Inode(mount_ns_));
  }
  // The inode of the namespace that a launch would join; 0: none.
  uint64_t Find(uint64_t number) const {
    Result<RootNamespaces> found = FindPublishedRoot(dir_.get(), Key(number), place_);
    return found.ok() ? Inode(found->mount) : 0;
  }

  TempDir temp_;
  UniqueFd dir_, mount_ns_, other_ns_;
  CallerContext place_;
  std::optional<RegistryWriter> writer_;
};

TEST_F(RegistryWriterTest, LaunchesFindWhatIsPublished) {
  ASSERT_TRUE(Publish(7).ok());
  EXPECT_EQ(Find(7), Inode(mount_ns_));
  EXPECT_EQ(Find(8), 0u);
}

TEST_F(RegistryWriterTest, AFileThatSomeoneRemovedIsBackWithAllThatWasPublished) {
  ASSERT_TRUE(Publish(7).ok());
  ASSERT_TRUE(Publish(8).ok());
  writer_->Withdraw(Key(8));
  ASSERT_EQ(unlink((temp_ / kRegistryFile).c_str()), 0);
  EXPECT_EQ(Find(7), 0u);
  ASSERT_TRUE(writer_->Mend().ok());
  EXPECT_EQ(Find(7), Inode(mount_ns_));
  EXPECT_EQ(Find(8), 0u);
}

TEST_F(RegistryWriterTest, NothingIsWrittenWhileTheFileSystemDoesNotAnswer) {
  bool answers = true;
  writer_.emplace(dir_.get(), [&] { return answers; });
  ASSERT_TRUE(writer_->Reset({.pid = getpid()}, place_).ok());
  ASSERT_TRUE(Publish(7).ok());
  answers = false;
  writer_->Withdraw(Key(7));
  EXPECT_FALSE(Publish(8).ok());
  EXPECT_FALSE(writer_->Reset({.pid = getpid()}, place_).ok());
  EXPECT_EQ(Find(7), Inode(mount_ns_));
  answers = true;
  ASSERT_TRUE(writer_->Mend().ok());
  EXPECT_EQ(Find(7), 0u);
  ASSERT_TRUE(Publish(8).ok());
  EXPECT_EQ(Find(8), Inode(mount_ns_));
}

TEST_F(RegistryWriterTest, AnothersFileIsLeftAtTheEnd) {
  RegistryWriter other(dir_.get());
  ASSERT_TRUE(other.Reset({.pid = getpid()}, place_).ok());
  writer_.reset();
  EXPECT_EQ(access((temp_ / kRegistryFile).c_str(), F_OK), 0);
}

TEST_F(RegistryWriterTest, LaunchesDoNotFindWhatIsWithdrawn) {
  ASSERT_TRUE(Publish(7).ok());
  ASSERT_TRUE(Publish(8).ok());
  writer_->Withdraw(Key(7));
  EXPECT_EQ(Find(7), 0u);
  EXPECT_EQ(Find(8), Inode(mount_ns_));
  ASSERT_TRUE(Publish(7).ok());
  EXPECT_EQ(Find(7), Inode(mount_ns_));
}

TEST_F(RegistryWriterTest, ALaterRootTakesTheKeysPlace) {
  ASSERT_TRUE(Publish(7).ok());
  ASSERT_TRUE(writer_->Publish(Key(7), other_ns_.get(), Inode(other_ns_)).ok());
  EXPECT_EQ(Find(7), Inode(other_ns_));
}

TEST_F(RegistryWriterTest, AResetOrTheEndLeavesNothing) {
  ASSERT_TRUE(Publish(7).ok());
  ASSERT_TRUE(writer_->Reset({.pid = getpid()}, place_).ok());
  EXPECT_EQ(Find(7), 0u);
  ASSERT_TRUE(Publish(7).ok());
  writer_.reset();
  EXPECT_EQ(Find(7), 0u);
  EXPECT_NE(access((temp_ / kRegistryFile).c_str(), F_OK), 0);
}

TEST_F(RegistryWriterTest, WhoMappedTheFileBeforeAResetFindsItWithdrawn) {
  ASSERT_TRUE(Publish(7).ok());
  UniqueFd old(open((temp_ / kRegistryFile).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(writer_->Reset({.pid = getpid()}, place_).ok());
  RegistryHeader header;
  ASSERT_EQ(read(old.get(), &header, sizeof header), static_cast<ssize_t>(sizeof header));
  EXPECT_EQ(header.holder_pid, 0);
}

TEST_F(RegistryWriterTest, TenThousandRootsComeAndGo) {
  // Each key is new, so that withdrawn ones pile up and the table is renewed several times.
  ASSERT_TRUE(Publish(1).ok());
  for (uint64_t number = 100; number < 10100; ++number) {
    ASSERT_TRUE(Publish(number).ok()) << number;
    if (number >= 600) writer_->Withdraw(Key(number - 500));
  }
  EXPECT_EQ(Find(1), Inode(mount_ns_));
  EXPECT_EQ(Find(10099), Inode(mount_ns_));
  EXPECT_EQ(Find(9600), Inode(mount_ns_));
  EXPECT_EQ(Find(9599), 0u);
}

TEST_F(RegistryWriterTest, HalfOfTheTableIsTheMost) {
  for (uint64_t number = 1; number <= kRegistrySlots / 2; ++number) ASSERT_TRUE(Publish(number).ok());
  EXPECT_FALSE(Publish(99999).ok());
  EXPECT_EQ(Find(kRegistrySlots / 2), Inode(mount_ns_));
}

TEST_F(RegistryWriterTest, AReaderNeverSeesAnotherKeysRoot) {
  // One root is the mount namespace, the other one the network namespace; both come and go while a launch
  // looks the first up.
  std::atomic<bool> stop = false;
  std::atomic<int> found = 0, wrong = 0;
  std::thread reader([&] {
    while (!stop) {
      uint64_t inode = Find(1);
      if (inode == Inode(mount_ns_)) ++found;
      if (inode != 0 && inode != Inode(mount_ns_)) ++wrong;
    }
  });
  for (uint64_t i = 0; i < 20000 || found == 0; ++i) {
    ASSERT_TRUE(Publish(1).ok());
    ASSERT_TRUE(writer_->Publish(Key(1000 + i % 3000), other_ns_.get(), Inode(other_ns_)).ok());
    writer_->Withdraw(Key(1000 + i % 3000));
    if (i % 2 == 0) writer_->Withdraw(Key(1));
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(RegistryWriterTest, WithoutAPlaceForTheFileNothingIsPublished) {
  ASSERT_TRUE(Publish(7).ok());
  ASSERT_EQ(mkdir((temp_ / "roots.new").c_str(), 0700), 0);
  EXPECT_FALSE(writer_->Reset({.pid = getpid()}, place_).ok());
  EXPECT_EQ(Find(7), 0u);  // what it said is withdrawn all the same
  EXPECT_FALSE(Publish(7).ok());
}

}  // namespace
}  // namespace reloc
