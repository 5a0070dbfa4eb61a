// A temporary directory with a store in it, for tests of the pack layer.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "reloc/pack/furnish.h"
#include "reloc/pack/store.h"

namespace reloc {

inline std::string Message(const absl::Status& status) { return std::string(status.message()); }

// Returns an item's name: `letter` 32 times, and `name`.
inline std::string Item(char letter, const std::string& name) {
  return absl::StrCat(std::string(kHashLength, letter), "-", name);
}

class PackTest : public testing::Test {
 protected:
  PackTest() {
    std::string path = std::filesystem::path(testing::TempDir()) / "pack_test.XXXXXX";
    directory_ = std::filesystem::canonical(mkdtemp(path.data()));
    std::filesystem::create_directories(directory_ + "/store");
  }
  ~PackTest() override { std::filesystem::remove_all(directory_); }

  // All paths below are relative to the temporary directory.
  std::string Path(const std::string& path) const { return absl::StrCat(directory_, "/", path); }

  void Write(const std::string& path, const std::string& content, mode_t mode = 0644) {
    std::filesystem::create_directories(std::filesystem::path(Path(path)).parent_path());
    std::ofstream(Path(path), std::ios::binary) << content;
    ASSERT_EQ(chmod(Path(path).c_str(), mode), 0);
  }
  void Link(const std::string& path, const std::string& target) {
    std::filesystem::create_directories(std::filesystem::path(Path(path)).parent_path());
    std::filesystem::create_symlink(target, Path(path));
  }
  std::string Read(const std::string& path) const {
    std::ostringstream content;
    content << std::ifstream(Path(path), std::ios::binary).rdbuf();
    return content.str();
  }
  bool Exists(const std::string& path) const {
    return std::filesystem::exists(std::filesystem::symlink_status(Path(path)));
  }
  // Returns the names in a directory, sorted.
  std::vector<std::string> List(const std::string& path) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Path(path)))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  // Returns a store that programs know as /gnu/store.
  StoreLocation Store() const { return {"/gnu/store", Path("store")}; }

  // Makes two items: hello (a script that reads its data) and data.
  void FillStore() {
    Write(absl::StrCat("store/", Item('d', "data"), "/text"), "hello\n", 0444);
    Write(absl::StrCat("store/", Item('h', "hello"), "/bin/hello"),
          absl::StrCat("#!/bin/sh\ncat /gnu/store/", Item('d', "data"), "/text\n"), 0555);
  }

  PackTools Tools() {
    if (!Exists("shim")) Write("shim", "the shim", 0755);
    if (!Exists("audit.so")) Write("audit.so", "the library", 0755);
    auto compile = [](const ProgramSpec& spec) -> absl::StatusOr<std::string> {
      return absl::StrCat("plan for ", spec.program);
    };
    return {{Path("shim"), {Path("audit.so")}}, compile, {}};
  }

  std::string directory_;
};

}  // namespace reloc
