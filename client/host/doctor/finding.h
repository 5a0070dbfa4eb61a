// One line of the output of `relocctl doctor`.
#pragma once

#include <string>
#include <vector>

namespace reloc {

enum class Health {
  kGood,
  kWarning,  // something is slower, or missing; programs run
  kFailure,  // something does not work
};

struct Finding {
  Health health;
  std::string check;  // stable, for scripts: "daemon", "state directory"
  std::string found;
  std::string fix;  // what to do; empty if all is well
};

// In the order in which they are printed.
using Findings = std::vector<Finding>;

inline Finding Ok(std::string check, std::string found) {
  return {Health::kGood, std::move(check), std::move(found), ""};
}
inline Finding Warn(std::string check, std::string found, std::string fix) {
  return {Health::kWarning, std::move(check), std::move(found), std::move(fix)};
}
inline Finding Fail(std::string check, std::string found, std::string fix) {
  return {Health::kFailure, std::move(check), std::move(found), std::move(fix)};
}

}  // namespace reloc
