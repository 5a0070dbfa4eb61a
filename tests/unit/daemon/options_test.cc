#include "daemon/options.h"

#include <gtest/gtest.h>

#include <filesystem>
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
    std::string config_home = "XDG_CONFIG_HOME=" + temp_.path();
    const char* envp[] = {config_home.c_str(), nullptr};
    testing::internal::CaptureStdout();
    int status = ParseOptions(static_cast<int>(argv.size()), argv.data(), envp, &options_);
    out_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return status;
  }
  std::string Config(const std::string& text) {
    std::ofstream(temp_ / "relocd.conf") << text;
    return temp_ / "relocd.conf";
  }

  TempDir temp_;
  Options options_;
  // The user's own file, which is read without being asked for.
  void UserConfig(const std::string& text) {
    std::filesystem::create_directories(temp_ / "relocd");
    std::ofstream(temp_ / "relocd/relocd.conf") << text;
  }

  std::string out_;
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
  EXPECT_EQ(options_.metrics.listen, "127.0.0.1:9000");
  EXPECT_EQ(options_.metrics.textfile, "/x/%u.prom");
  EXPECT_EQ(Parse({"--config", config, "--metrics-listen", "", "--metrics-textfile", ""}), -1) << error_;
  EXPECT_EQ(options_.metrics.listen, "");
  EXPECT_EQ(options_.metrics.textfile, "");
}

TEST_F(OptionsTest, LaterFilesWin) {
  UserConfig("idle-exit = 10m\nmax-roots = 7\nlog-level = debug\n");
  std::string config = Config("max-roots = 8\nlog-level = error\n");
  EXPECT_EQ(Parse({"--config", config, "--log-level", "off"}), -1);
  EXPECT_EQ(options_.idle_exit, absl::Minutes(10));
  EXPECT_EQ(options_.max_roots, 8u);
  EXPECT_EQ(options_.log_level, "off");
}

TEST_F(OptionsTest, CommentsAndQuotes) {
  UserConfig(
      "# one\n\n  max-roots=7 # seven\nlog-file = \"/tmp/a #1 \\\"b\\\"\"  # quoted\ndir = /tmp/with "
      "space#2\n");
  EXPECT_EQ(Parse({}), -1) << error_;
  EXPECT_EQ(options_.max_roots, 7u);
  EXPECT_EQ(options_.log_file, "/tmp/a #1 \"b\"");
  EXPECT_EQ(options_.dir, "/tmp/with space#2");
}

TEST_F(OptionsTest, MistakesInFilesAreNamedWithTheirLine) {
  for (auto& [line, named] : std::vector<std::pair<std::string, std::string>>{
           {"max-rots = 7", "there is no setting 'max-rots'; did you mean 'max-roots'?"},
           {"xyz = 7", "there is no setting 'xyz';"},
           {"config = /tmp/x", "'config'"},
           {"print-config = true", "'print-config'"},
           {"[relocd]", "key = value"},
           {"max-roots", "key = value"},
           {"= 7", "key = value"},
           {"max-roots = many", "many"},
           {"max-roots =", "max-roots"},
           {"idle-exit = 10", "'10' is not a duration"},
           {"log-file = \"/tmp/x", "quote"},
           {"log-file = \"/tmp/x\" y", "quote"}}) {
    std::string config = Config("# first\n" + line + "\n");
    EXPECT_EQ(Parse({"--config", config}), 2) << line;
    EXPECT_NE(error_.find(config + ":2: "), std::string::npos) << error_;
    EXPECT_NE(error_.find(named), std::string::npos) << error_;
    EXPECT_EQ(std::count(error_.begin(), error_.end(), '\n'), 1) << error_;
  }
}

TEST_F(OptionsTest, WhatIsInForceIsPrintedAndCanBeReadBack) {
  UserConfig("max-roots = 7\nlog-file = \"/tmp/a \\\"#1\\\"\"\n");
  EXPECT_EQ(Parse({"--print-config", "--log-level", "debug", "--idle-exit=1h"}), 0);
  EXPECT_NE(out_.find("max-roots = \"7\"  # " + (temp_ / "relocd/relocd.conf:1\n")), std::string::npos)
      << out_;
  EXPECT_NE(out_.find("log-level = \"debug\"  # command line\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("#dir = \"\"  # default\n"), std::string::npos) << out_;
  std::string config = Config(out_);
  UserConfig("");
  options_ = Options();
  EXPECT_EQ(Parse({"--config", config}), -1) << error_;
  EXPECT_EQ(options_.max_roots, 7u);
  EXPECT_EQ(options_.log_file, "/tmp/a \"#1\"");
  EXPECT_EQ(options_.log_level, "debug");
  EXPECT_EQ(options_.idle_exit, absl::Hours(1));
}

}  // namespace
}  // namespace reloc
