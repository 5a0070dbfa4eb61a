// Jobs with a launcher before they are jobs: an id and a name are reserved, then a process is bound to them,
// and when that one starts its program the job table takes it over.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/event_loop.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct Reserved {
  std::string id;
  std::string name;  // empty: the program's
};

class Reservations {
 public:
  // `loop` must outlive it.
  explicit Reservations(EventLoop* loop) : loop_(loop) {}
  ~Reservations();
  Reservations(const Reservations&) = delete;
  Reservations& operator=(const Reservations&) = delete;

  // A new id, with `name` if it is not empty. InvalidArgument: such a name is none; AlreadyExists: it is
  // reserved.
  absl::StatusOr<std::string> Reserve(absl::string_view name);
  // Gives back what was reserved and not bound.
  void Release(const std::string& id) { reserved_.erase(id); }

  // The process `pid`, watched by `pidfd`, is to be the job. If it ends before it is taken, nothing is left
  // of it. NotFound: nothing is reserved so.
  absl::Status Bind(const std::string& id, UniqueFd pidfd, pid_t pid);
  // What `pid`, watched by `pidfd`, was bound to.
  std::optional<Reserved> Take(pid_t pid, int pidfd);

 private:
  struct Bound {
    Reserved reserved;
    UniqueFd pidfd;
  };
  absl::Status CheckFree(absl::string_view name) const;
  void Forget(pid_t pid);

  EventLoop* loop_;
  absl::flat_hash_map<std::string, std::string> reserved_;  // names by id
  absl::flat_hash_map<pid_t, Bound> bound_;
};

}  // namespace reloc
