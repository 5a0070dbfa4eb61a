#include "daemon/jobs/reservations.h"

#include <sys/epoll.h>

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/jobs/job.h"
#include "daemon/jobs/pidfd.h"
#include "reloc/pack/status.h"

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

Reservations::~Reservations() {
  for (auto& [pid, bound] : bound_) loop_->Forget(bound.pidfd.get());
}

absl::StatusOr<std::string> Reservations::Reserve(absl::string_view name) {
  RELOC_RETURN_IF_ERROR(CheckName(name));
  RELOC_RETURN_IF_ERROR(CheckFree(name));
  std::string id = NewJobId();
  reserved_[id] = std::string(name);
  return id;
}

absl::Status Reservations::CheckFree(absl::string_view name) const {
  bool taken =
      !name.empty() &&
      (absl::c_any_of(reserved_, [&](const auto& entry) { return entry.second == name; }) ||
       absl::c_any_of(bound_, [&](const auto& entry) { return entry.second.reserved.name == name; }));
  if (!taken) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat("a job that is being started has the name ", name, "; choose another"));
}

absl::Status Reservations::Bind(const std::string& id, UniqueFd pidfd, pid_t pid) {
  auto found = reserved_.find(id);
  if (found == reserved_.end()) return absl::NotFoundError("nothing is reserved under this id (any more)");
  Forget(pid);  // of a process that ended and had the same number
  RELOC_RETURN_IF_ERROR(loop_->Watch(pidfd.get(), EPOLLIN, [this, pid](uint32_t) { Forget(pid); }));
  bound_[pid] = Bound{{id, std::move(found->second)}, std::move(pidfd)};
  reserved_.erase(found);
  return absl::OkStatus();
}

std::optional<Reserved> Reservations::Take(pid_t pid, int pidfd) {
  auto found = bound_.find(pid);
  if (found == bound_.end()) return std::nullopt;
  std::optional<Reserved> reserved;
  if (SameProcess(found->second.pidfd.get(), pidfd)) reserved = std::move(found->second.reserved);
  Forget(pid);
  return reserved;
}

void Reservations::Forget(pid_t pid) {
  auto found = bound_.find(pid);
  if (found == bound_.end()) return;
  loop_->Close(std::move(found->second.pidfd));
  bound_.erase(found);
}

}  // namespace reloc
