#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "reloc/launch/caller.h"
#include "reloc/launch/namespaces.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

// The working directory belongs to the process, hence a child.
bool InChild(const std::function<bool()>& body) {
  pid_t pid = fork();
  if (pid == 0) _exit(body() ? 0 : 1);
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(SavedCwd, ComesBackByPath) {
  TempDir temp;
  EXPECT_TRUE(InChild([&] {
    SavedCwd cwd;
    if (chdir(temp.path().c_str()) != 0) return false;
    cwd.Save();
    return chdir("/") == 0 && cwd.Restore().ok() && std::filesystem::current_path() == temp.path();
  }));
}

TEST(SavedCwd, ADeletedDirectoryStaysTheSameDeletedDirectory) {
  TempDir temp;
  EXPECT_TRUE(InChild([&] {
    SavedCwd cwd;
    std::string gone = temp / "gone";
    if (!std::filesystem::create_directory(gone) || chdir(gone.c_str()) != 0) return false;
    std::filesystem::remove(gone);
    cwd.Save();
    char path[4096];
    return chdir("/") == 0 && cwd.Restore().ok() && getcwd(path, sizeof path) == nullptr && errno == ENOENT;
  }));
}

TEST(SavedCwd, ADirectoryThatWasReplacedIsNotTakenForTheOldOne) {
  TempDir temp;
  EXPECT_TRUE(InChild([&] {
    SavedCwd cwd;
    std::string dir = temp / "dir";
    if (!std::filesystem::create_directory(dir) || chdir(dir.c_str()) != 0) return false;
    cwd.Save();
    Result<FileId> before = IdentifyAt(AT_FDCWD, ".");
    std::filesystem::rename(dir, temp / "moved");
    std::filesystem::create_directory(dir);
    if (chdir("/") != 0 || !cwd.Restore().ok()) return false;
    Result<FileId> after = IdentifyAt(AT_FDCWD, ".");
    return before.ok() && after.ok() && *before == *after;
  }));
}

// Needs a root of its own to stage, which an ordinary user can make.
TEST(SavedCwd, TheRootDirectoryIsTheNewRootsAfterAChangeOfRoot) {
  TempDir temp;
  EXPECT_TRUE(InChild([&] {
    SavedCwd cwd;
    if (chdir("/") != 0) return false;
    cwd.Save();
    const char* staged = temp.path().c_str();
    // Where namespaces are refused there is no other root to return to.
    const char* step = nullptr;
    if (!EnterNewNamespaces(&step).ok() || mount("staged", staged, "tmpfs", 0, nullptr) != 0) return true;
    if (chroot(staged) != 0 || !cwd.Restore().ok()) return false;
    return *IdentifyAt(AT_FDCWD, ".") == *IdentifyAt(AT_FDCWD, "/");
  }));
}

}  // namespace
}  // namespace reloc
