#include "daemon/jobs/reservations.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/model/job.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::StrContains("_.-", absl::string_view(&c, 1));
}

// As files and containers are called; a number would be taken for a pid.
absl::Status CheckName(absl::string_view name) {
  constexpr size_t kMaxLength = 64;
  if (name.empty() ||
      (name.size() <= kMaxLength && absl::ascii_isalnum(static_cast<unsigned char>(name[0])) &&
       absl::c_all_of(name, IsNameCharacter) && !absl::c_all_of(name, absl::ascii_isdigit))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "a job's name begins with a letter or a digit, goes on with these and _ . - and is no number; it has "
      "at most 64 "
      "characters");
}

}  // namespace

absl::StatusOr<std::string> Reservations::Reserve(absl::string_view name) {
  RELOC_RETURN_IF_ERROR(CheckName(name));
  bool taken =
      !name.empty() && absl::c_any_of(reserved_, [&](const auto& entry) { return entry.second == name; });
  if (taken) {
    return absl::AlreadyExistsError(
        absl::StrCat("a job that is being started has the name ", name, "; choose another"));
  }
  std::string id = NewJobId();
  reserved_[id] = std::string(name);
  return id;
}

std::optional<std::string> Reservations::Take(const std::string& id) {
  auto found = reserved_.find(id);
  if (found == reserved_.end()) return std::nullopt;
  std::string name = std::move(found->second);
  reserved_.erase(found);
  return name;
}

}  // namespace reloc
