#include "client/host/completion/complete.h"

#include <signal.h>
#include <string.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/base/job_record.h"
#include "reloc/cli/describe.h"
#include "reloc/launch/engines.h"

namespace reloc {
namespace {

constexpr int kLastSignal = 31;  // signals after it have numbers and no names

std::vector<Candidate> Engines() {
  std::vector<Candidate> candidates = {{"default", "the robust chain"}, {"performance", "the quick chain"}};
  for (Engine engine : ParseEngineChain("default").engines) {
    if (engine != Engine::kNone) candidates.push_back({EngineName(engine), "this engine or an error"});
  }
  return candidates;
}

std::vector<Candidate> Signals() {
  std::vector<Candidate> candidates;
  for (int signal = 1; signal <= kLastSignal; ++signal) {
    if (const char* name = ::sigabbrev_np(signal)) candidates.push_back({name, ::sigdescr_np(signal)});
  }
  return candidates;
}

std::vector<Candidate> FilterKeys() {
  std::vector<Candidate> candidates;
  for (const auto& [key, value] : JobRecord({})) candidates.push_back({key + "=", ""});
  return candidates;
}

// Walks over the complete words, and then completes the last one.
class Completer {
 public:
  Completer(const CLI::App& app, const Listers& listers) : command_(&app), listers_(listers) {}

  void Pass(const std::string& word) {
    if (awaiting_ != nullptr) {
      awaiting_ = nullptr;
    } else if (!options_ended_ && word == "--") {
      options_ended_ = true;
    } else if (IsOption(word)) {
      PassOption(word);
    } else if (const CLI::App* command = FindCommand(word)) {
      command_ = command;
    } else {
      ++positionals_;
      // Everything after PROGRAM belongs to the program.
      if (command_->get_prefix_command()) options_ended_ = true;
    }
  }

  Completion Last(const std::string& word) const {
    size_t equals = word.find('=');
    if (awaiting_ != nullptr) return Matching(Values(*awaiting_, ValueName(*awaiting_)), word, "");
    if (IsOption(word) && equals != word.npos) {
      const CLI::Option* option = FindOption(word.substr(0, equals));
      if (option == nullptr) return {};
      return Matching(Values(*option, ValueName(*option)), word, word.substr(0, equals + 1));
    }
    if (!options_ended_ && word.starts_with('-')) return Matching({OptionNames()}, word, "");
    Completion completion = Arguments(word);
    if (positionals_ == 0 && !options_ended_) {
      for (const CLI::App* command : Commands(*command_)) {
        completion.candidates.push_back({command->get_name(), Summary(*command)});
      }
    }
    return Matching(std::move(completion), word, "");
  }

 private:
  bool IsOption(const std::string& word) const {
    return !options_ended_ && word.size() > 1 && word[0] == '-';
  }

  void PassOption(const std::string& word) {
    if (word.starts_with("--") && word.find('=') != word.npos) return;
    const CLI::Option* option = FindOption(word);
    if (option != nullptr && TakesValue(*option)) awaiting_ = option;
  }

  // Returns the option of a word; for "-af" that is -f, whose value may follow.
  const CLI::Option* FindOption(const std::string& word) const {
    std::string name = word.starts_with("--") ? word : absl::StrCat("-", word.substr(word.size() - 1));
    return command_->get_option_no_throw(name);
  }

  const CLI::App* FindCommand(const std::string& word) const {
    if (positionals_ > 0 || options_ended_) return nullptr;
    for (const CLI::App* command : Commands(*command_)) {
      if (command->check_name(word)) return command;
    }
    return nullptr;
  }

  std::vector<Candidate> OptionNames() const {
    std::vector<Candidate> candidates;
    for (const CLI::Option* option : Options(*command_)) {
      for (const std::string& name : option->get_lnames())
        candidates.push_back({"--" + name, Meaning(*option)});
    }
    return candidates;
  }

  Completion Arguments(const std::string& word) const {
    std::vector<const CLI::Option*> arguments = Positionals(*command_);
    if (arguments.empty()) return {};
    bool more = positionals_ < arguments.size();
    const CLI::Option* argument = more ? arguments[positionals_] : arguments.back();
    bool list = argument->get_expected_max() >= CLI::detail::expected_max_vector_size;
    if (!more && !list) return {};
    const std::string name = argument->get_name(true);
    Completion completion = Values(*argument, name);
    if (name == "PROGRAM") completion.candidates = listers_.image_entries(word);
    return completion;
  }

  Completion Values(const CLI::Option& option, const std::string& name) const {
    std::vector<std::string> members = Members(option);
    if (!members.empty()) {
      Completion completion;
      for (const std::string& member : members) completion.candidates.push_back({member, ""});
      return completion;
    }
    if (name == "JOB") return {listers_.jobs(WithEndedJobs())};
    if (name == "MIRROR") return {listers_.mirrors()};
    if (name == "ENGINE") return {Engines()};
    if (name == "SIGNAL" || name == "SIG") return {Signals()};
    if (name == "KEY=VALUE") return {FilterKeys()};
    if (name == "DIR") return {{}, Completion::Files::kDirectories};
    static const std::vector<std::string> kFiles = {"FILE", "PACK", "PATH", "PROGRAM", "OUT", "ARG"};
    bool file = std::find(kFiles.begin(), kFiles.end(), name) != kFiles.end();
    return {{}, file ? Completion::Files::kAll : Completion::Files::kNone};
  }

  bool WithEndedJobs() const { return command_->get_name() == "logs" || command_->get_name() == "inspect"; }

  // Returns the candidates that begin with `word` after `prefix` was put before them.
  static Completion Matching(Completion completion, const std::string& word, const std::string& prefix) {
    std::vector<Candidate> matching;
    for (Candidate& candidate : completion.candidates) {
      candidate.text.insert(0, prefix);
      if (candidate.text.starts_with(word)) matching.push_back(std::move(candidate));
    }
    return {std::move(matching), completion.files};
  }

  const CLI::App* command_;
  const Listers& listers_;
  const CLI::Option* awaiting_ = nullptr;  // the option whose value comes next
  size_t positionals_ = 0;                 // of `command_`, so far
  bool options_ended_ = false;
};

}  // namespace

Completion Complete(const CLI::App& app, const std::vector<std::string>& words, const Listers& listers) {
  Completer completer(app, listers);
  for (size_t i = 0; i + 1 < words.size(); ++i) completer.Pass(words[i]);
  return completer.Last(words.empty() ? "" : words.back());
}

}  // namespace reloc
