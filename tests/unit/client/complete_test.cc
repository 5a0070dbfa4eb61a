#include "client/host/completion/complete.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace reloc {
namespace {

using Files = Completion::Files;
using Texts = std::vector<std::string>;

class CompleteTest : public testing::Test {
 protected:
  CompleteTest() {
    CLI::App* ps = app_.add_subcommand("ps", "List");
    ps->add_flag("-a,--all");
    ps->add_option("-f,--format", text_)->check(CLI::IsMember({"table", "json"}));
    ps->add_option("--config", text_)->type_name("FILE");
    CLI::App* kill = app_.add_subcommand("kill", "End");
    kill->add_option("-s,--signal", text_)->type_name("SIG");
    kill->add_option("JOB", texts_);
    app_.add_subcommand("logs")->add_option("JOB", text_);
    CLI::App* pack = app_.add_subcommand("pack");
    pack->add_subcommand("verify")->add_option("PACK", text_);
    pack->add_subcommand("adopt")->add_option("DIR", text_);
    CLI::App* run = app_.add_subcommand("run")->prefix_command();
    run->add_option("--engine", text_)->type_name("ENGINE");
    run->add_option("PROGRAM", text_);
    run->add_option("ARG", texts_);
    app_.add_subcommand("__complete")->group("");
  }

  Completion Ask(const Texts& words) const {
    auto list_jobs = [](bool ended) {
      std::vector<Candidate> jobs = {{"17", ""}};
      if (ended) jobs.push_back({"18", ""});
      return jobs;
    };
    return Complete(app_, words,
                    {list_jobs,
                     [] {
                       return std::vector<Candidate>{{"0b5f.plain", ""}};
                     },
                     [](const std::string& word) -> std::vector<Candidate> {
                       if (!word.starts_with("x.sqfs/")) return {};
                       return {{"x.sqfs/bin/cat", ""}, {"x.sqfs/bin/sed", ""}};
                     }});
  }
  Texts TextsOf(const Texts& words) const {
    Texts texts;
    for (const Candidate& candidate : Ask(words).candidates) texts.push_back(candidate.text);
    return texts;
  }

  CLI::App app_{"", "relocctl"};
  std::string text_;
  Texts texts_;
};

TEST_F(CompleteTest, Commands) {
  EXPECT_EQ(TextsOf({""}), (Texts{"ps", "kill", "logs", "pack", "run"}));
  EXPECT_EQ(TextsOf({"p"}), (Texts{"ps", "pack"}));
  EXPECT_EQ(TextsOf({"pack", ""}), (Texts{"verify", "adopt"}));
  EXPECT_EQ(TextsOf({"none", ""}), Texts{});
  EXPECT_EQ(TextsOf({}), TextsOf({""}));
}

TEST_F(CompleteTest, Options) {
  EXPECT_EQ(TextsOf({"ps", "-"}), (Texts{"--help", "--all", "--format", "--config"}));
  EXPECT_EQ(TextsOf({"ps", "--c"}), Texts{"--config"});
  EXPECT_EQ(TextsOf({"ps", "-a", "--f"}), Texts{"--format"});
  EXPECT_EQ(TextsOf({"kill", "--", "-"}), Texts{});
}

TEST_F(CompleteTest, ValuesOfOptions) {
  for (const Texts& words : {Texts{"ps", "--format", "j"}, {"ps", "-f", "j"}, {"ps", "-af", "j"}}) {
    EXPECT_EQ(TextsOf(words), Texts{"json"});
  }
  EXPECT_EQ(TextsOf({"ps", "--format=j"}), Texts{"--format=json"});
  EXPECT_EQ(TextsOf({"ps", "--format=json", "--c"}), Texts{"--config"});
  EXPECT_EQ(TextsOf({"ps", "--none=x"}), Texts{});
  EXPECT_EQ(TextsOf({"kill", "-s", "KI"}), Texts{"KILL"});
  EXPECT_EQ(Ask({"ps", "--config", ""}).files, Files::kAll);
  EXPECT_EQ(Ask({"ps", "--config="}).files, Files::kAll);
}

TEST_F(CompleteTest, Arguments) {
  EXPECT_EQ(TextsOf({"kill", ""}), Texts{"17"});
  EXPECT_EQ(TextsOf({"kill", "17", ""}), Texts{"17"}) << "a list";
  EXPECT_EQ(TextsOf({"logs", ""}), (Texts{"17", "18"})) << "those that ended too";
  EXPECT_EQ(TextsOf({"logs", "17", ""}), Texts{}) << "no list";
  EXPECT_EQ(Ask({"pack", "verify", ""}).files, Files::kAll) << "an image is a file";
  EXPECT_EQ(Ask({"pack", "adopt", ""}).files, Files::kDirectories);
  EXPECT_EQ(Ask({"ps", ""}).files, Files::kNone);
}

TEST_F(CompleteTest, EntriesOfImages) {
  EXPECT_EQ(TextsOf({"run", "x.sqfs/"}), (Texts{"x.sqfs/bin/cat", "x.sqfs/bin/sed"}));
  EXPECT_EQ(TextsOf({"run", "--engine", "userns", "x.sqfs/bin/s"}), Texts{"x.sqfs/bin/sed"});
  EXPECT_EQ(TextsOf({"run", "sed", "x.sqfs/"}), Texts{});
}

TEST_F(CompleteTest, WhatFollowsTheProgramIsItsOwn) {
  EXPECT_EQ(TextsOf({"run", "--engine", "us"}), Texts{"userns"});
  EXPECT_EQ(Ask({"run", ""}).files, Files::kAll);
  EXPECT_EQ(Ask({"run", "sed", "--e"}).files, Files::kAll);
  EXPECT_EQ(TextsOf({"run", "sed", "--e"}), Texts{});
  EXPECT_EQ(TextsOf({"run", "sed", "--engine", ""}), Texts{});
}

}  // namespace
}  // namespace reloc
