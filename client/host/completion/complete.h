// Determines what can come next on a command line of relocctl, for any shell.
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
  // Where the shell must look in addition: it knows its own files best.
  enum class Files { kNone, kDirectories, kAll };
  std::vector<Candidate> candidates;
  Files files = Files::kNone;
};

// Looked up only if needed.
struct Listers {
  std::function<std::vector<Candidate>(bool ended)> jobs;  // `ended`: those that have ended too
  std::function<std::vector<Candidate>()> mirrors;
  // Returns the entries of the image that `word` leads into; none if it does not.
  std::function<std::vector<Candidate>(const std::string& word)> image_entries;
};

// Completes the last of `words`, which follow the program's name; it may be empty. Values are recognized by
// their name in the help (JOB, MIRROR, FILE, ENGINE, …) or by the values that are allowed.
Completion Complete(const CLI::App& app, const std::vector<std::string>& words, const Listers& listers);

}  // namespace reloc
