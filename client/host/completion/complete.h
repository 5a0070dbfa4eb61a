// What can come next on a command line of relocctl, whatever the shell is.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

namespace reloc {

struct Candidate {
  std::string text;
  std::string meaning;  // may be empty
};

struct Completion {
  // Where else the shell is to look: it knows its own files best.
  enum class Files { kNone, kDirectories, kAll };
  std::vector<Candidate> candidates;
  Files files = Files::kNone;
};

// What is looked up only if it is asked for.
struct Listers {
  std::function<std::vector<Candidate>(bool ended)> jobs;  // `ended`: those that have ended too
  std::function<std::vector<Candidate>()> mirrors;
  // Entries of the image that `word` leads into; none if it does not.
  std::function<std::vector<Candidate>(const std::string& word)> image_entries;
};

// Completes the last of `words`, which follow the program's name; it may be empty. Values are known by what
// the help calls them (JOB, MIRROR, FILE, ENGINE, …) or by the values that are allowed.
Completion Complete(const CLI::App& app, const std::vector<std::string>& words, const Listers& listers);

}  // namespace reloc
