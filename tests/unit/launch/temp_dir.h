// A temporary directory that is removed when the test ends.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace reloc {

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/reloc-test-XXXXXX";
    if (mkdtemp(name) != nullptr) path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace reloc
