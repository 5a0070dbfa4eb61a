// The layers of relocd's configuration: defaults, the site's file, the user's, --config's, the command line.
// Whatever an option of the command line is called, a line of a file may set it.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reloc {

class ConfigLayers {
 public:
  // `app` has relocd's options, of which those that are not for files are not configurable(); it must outlive
  // this.
  explicit ConfigLayers(CLI::App* app) : app_(app) {}

  // Gives the options the values of the file `path`. `required`: it must be there. An unknown key or a wrong
  // value is InvalidArgument, with the file and the line.
  absl::Status Apply(const std::string& path, bool required);

  // What was left out, as its file does not answer; empty: nothing.
  const std::string& warning() const { return warning_; }

  // What is in force, once all files were applied and the command line was parsed: a file that says the same,
  // with the origin of each value as a comment.
  std::string Print() const;

 private:
  struct Value {
    std::string text;
    std::string where;
  };

  CLI::Option* Find(const std::string& key) const;
  absl::Status UnknownKey(const std::string& key, const std::string& where) const;
  Value InForce(const CLI::Option& option) const;

  CLI::App* app_;
  absl::flat_hash_map<std::string, Value> values_;  // by key
  std::string warning_;
};

}  // namespace reloc
