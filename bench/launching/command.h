// A program to start, and its environment.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace reloc::bench {

using Environment = std::map<std::string, std::string>;

// Arguments and environment as execve(2) takes them: made once, so that this is not timed.
class Command {
 public:
  // `arguments[0]` is the program's path.
  Command(std::vector<std::string> arguments, const Environment& environment);
  Command(Command&&) = default;
  Command& operator=(Command&&) = default;

  const std::string& program() const { return arguments_[0]; }
  const std::vector<std::string>& arguments() const { return arguments_; }
  char* const* argv() const { return argv_.data(); }
  char* const* envp() const { return envp_.data(); }

 private:
  std::vector<std::string> arguments_;
  std::vector<std::string> variables_;
  // Point into the texts above, which do not move when the vector is moved.
  std::vector<char*> argv_;
  std::vector<char*> envp_;
};

// Returns `environment` with the variables of `more` added or replaced.
Environment With(Environment environment, const Environment& more);

// Returns the file that a shell would run as `name`, or empty text: `name` itself if it has a slash,
// otherwise from PATH.
std::string FindProgram(const std::string& name);

}  // namespace reloc::bench
