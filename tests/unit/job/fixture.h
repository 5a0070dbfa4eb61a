// A directory for jobs' output, which is removed when the test ends.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "reloc/job/output_log.h"

namespace reloc {

class OutputTest : public testing::Test {
 protected:
  OutputTest() {
    std::string path = std::filesystem::path(testing::TempDir()) / "job_test.XXXXXX";
    root_ = mkdtemp(path.data());
  }
  ~OutputTest() override { std::filesystem::remove_all(root_); }

  std::string Dir() const { return root_ + "/output"; }
  OutputLog Open(uint64_t limit = 1 << 20) const {
    absl::StatusOr<OutputLog> log = OutputLog::Open(Dir(), "7", limit);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }
  std::string Read(const std::string& name) const {
    std::ostringstream content;
    content << std::ifstream(Dir() + "/" + name, std::ios::binary).rdbuf();
    return content.str();
  }
  // Returns numbered lines of eight bytes each, from `first` on.
  static std::string Lines(int first, int count) {
    std::string text;
    for (int i = first; i < first + count; ++i) {
      std::string number = std::to_string(i);
      text += std::string(7 - number.size(), '0') + number + "\n";
    }
    return text;
  }

  std::string root_;
};

}  // namespace reloc
