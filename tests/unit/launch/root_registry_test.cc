#include "reloc/launch/root_registry.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <string.h>
#include <unistd.h>

#include <memory>

#include "reloc/base/fnv.h"
#include "reloc/launch/daemon_dir.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

// A registry whose holder is this test and whose only root is this test's own mount namespace.
class RegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<CallerContext> caller = ReadCallerContext();
    ASSERT_TRUE(caller.ok());
    caller_ = *caller;
    namespace_fd_ = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(namespace_fd_, 0);
    memcpy(file_->header.magic, "RLRR", 4);
    file_->header.version = kRegistryVersion;
    file_->header.holder_pid = getpid();
    file_->header.maker = caller_;
    Slot() = {key_.store, key_.digest, key_.prefix_hash, caller_.mount_ns, namespace_fd_, 0};
    dir_ = open(temp_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  void TearDown() override {
    close(namespace_fd_);
    close(dir_);
  }
  RegistrySlot& Slot(size_t distance = 0) {
    return file_->slots[(FirstSlot(key_.store) + distance) % kRegistrySlots];
  }
  Errno Find() {
    int fd = open((temp_ / kRegistryFile).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    EXPECT_EQ(write(fd, file_.get(), sizeof *file_), static_cast<ssize_t>(sizeof *file_));
    close(fd);
    Result<RootNamespaces> found = FindPublishedRoot(dir_, key_, caller_);
    if (found.ok()) {
      Result<FileId> id = Identify(found->mount.get());
      EXPECT_TRUE(id.ok() && id->inode == caller_.mount_ns);
    }
    return found.error();
  }

  TempDir temp_;
  CallerContext caller_;
  RootKey key_{FileId{1, 2}, PackDigest{3}, Fnv1a64("/gnu/store")};
  std::unique_ptr<RegistryFile> file_ = std::make_unique<RegistryFile>();
  int namespace_fd_ = -1;
  int dir_ = -1;
};

TEST_F(RegistryTest, FindsWhatIsPublished) { EXPECT_EQ(Find().value, 0); }

TEST_F(RegistryTest, LooksPastRemovedSlots) {
  Slot(1) = Slot(0);
  Slot(0).mount_ns_inode = 0;
  EXPECT_EQ(Find().value, 0);
}

TEST_F(RegistryTest, AnotherContentIsAnotherRoot) {
  key_.digest[0] = 9;
  EXPECT_EQ(Find().value, ENOENT);
}

TEST_F(RegistryTest, ACallerElsewhereFindsNothing) {
  file_->header.maker.root_mount += 1;
  EXPECT_EQ(Find().value, EXDEV);
}

TEST_F(RegistryTest, ANewEntryOfTheRootDirectoryMakesItStale) {
  file_->header.maker.root_mtime += 1;
  EXPECT_EQ(Find().value, EXDEV);
}

TEST_F(RegistryTest, ARecycledDescriptorIsNotJoined) {
  Slot().mount_ns_inode += 1;
  EXPECT_EQ(Find().value, ESTALE);
  Slot().mount_ns_inode -= 1;
  Slot().mount_ns_fd = 999;
  EXPECT_EQ(Find().value, ESTALE);
}

TEST_F(RegistryTest, WithdrawnOrForeignVersionsAreIgnored) {
  file_->header.holder_pid = 0;
  EXPECT_EQ(Find().value, ENOENT);
  file_->header.holder_pid = getpid();
  file_->header.version += 1;
  EXPECT_EQ(Find().value, ENOENT);
}

TEST_F(RegistryTest, AFullTableEnds) {
  for (RegistrySlot& slot : file_->slots) slot = {FileId{7, 7}, {}, 0, 1, 0, 0};
  EXPECT_EQ(Find().value, ENOENT);
}

TEST_F(RegistryTest, AShortFileIsNoRegistry) {
  int fd = open((temp_ / kRegistryFile).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  EXPECT_EQ(write(fd, "RLRR", 4), 4);
  close(fd);
  EXPECT_EQ(FindPublishedRoot(dir_, key_, caller_).error().value, ENOENT);
}

}  // namespace
}  // namespace reloc
