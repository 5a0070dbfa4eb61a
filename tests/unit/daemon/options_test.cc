#include "daemon/options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

class OptionsTest : public testing::Test {
 protected:
  int Parse(std::vector<std::string> arguments) {
    std::vector<char*> argv = {const_cast<char*>("relocd")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStderr();
    int status = ParseOptions(static_cast<int>(argv.size()), argv.data(), &options_);
    error_ = testing::internal::GetCapturedStderr();
    return status;
  }
  std::string Config(const std::string& text) {
    std::ofstream(temp_ / "relocd.conf") << text;
    return temp_ / "relocd.conf";
  }

  TempDir temp_;
  Options options_;
  std::string error_;
};

TEST_F(OptionsTest, NothingIsNeeded) {
  EXPECT_EQ(Parse({}), -1);
  EXPECT_EQ(options_.idle_exit, absl::InfiniteDuration());
  EXPECT_EQ(options_.max_roots, 512u);
}

TEST_F(OptionsTest, DurationsHaveUnits) {
  EXPECT_EQ(Parse({"--idle-exit", "1h30m"}), -1);
  EXPECT_EQ(options_.idle_exit, absl::Minutes(90));
}

TEST_F(OptionsTest, MistakesAreOneLineThatNamesThem) {
  for (auto& [arguments, named] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--idle-exit", "10"}, "10"},
           {{"--idle-exit", "-5s"}, "-5s"},
           {{"--max-roots", "0"}, "max-roots"},
           {{"--max-roots", "2049"}, "2049"},
           {{"--log-level", "loud"}, "loud"},
           {{"--metrics-listen", "0.0.0.0:9000"}, "0.0.0.0:9000"},
           {{"--metrics-textfile", "/tmp/relocd.txt"}, "/tmp/relocd.txt"},
           {{"--metrics-interval", "15"}, "15"},
           {{"--no-such"}, "--no-such"},
           {{"extra"}, "extra"},
           {{"--config", "/no/such/file"}, "/no/such/file"}}) {
    EXPECT_EQ(Parse(arguments), 2) << named;
    EXPECT_NE(error_.find(named), std::string::npos) << error_;
    EXPECT_EQ(std::count(error_.begin(), error_.end(), '\n'), 1) << error_;
  }
}

TEST_F(OptionsTest, AFileSetsOptionsAndTheCommandLineWins) {
  std::string config = Config("idle-exit = \"10m\"\nmax-roots = 7\n");
  EXPECT_EQ(Parse({"--config", config, "--max-roots", "8"}), -1);
  EXPECT_EQ(options_.idle_exit, absl::Minutes(10));
  EXPECT_EQ(options_.max_roots, 8u);
}

TEST_F(OptionsTest, WhatTheSiteTurnsOnAUserTurnsOff) {
  std::string config = Config("metrics-listen = \"127.0.0.1:9000\"\nmetrics-textfile = \"/x/%u.prom\"\n");
  EXPECT_EQ(Parse({"--config", config}), -1) << error_;
  EXPECT_EQ(options_.metrics_listen, "127.0.0.1:9000");
  EXPECT_EQ(options_.metrics_textfile, "/x/%u.prom");
  EXPECT_EQ(Parse({"--config", config, "--metrics-listen", "", "--metrics-textfile", ""}), -1) << error_;
  EXPECT_EQ(options_.metrics_listen, "");
  EXPECT_EQ(options_.metrics_textfile, "");
}

TEST_F(OptionsTest, UnknownKeysAreMistakes) {
  EXPECT_EQ(Parse({"--config", Config("max-rots = 7\n")}), 2);
  EXPECT_NE(error_.find("max-rots"), std::string::npos) << error_;
}

}  // namespace
}  // namespace reloc
