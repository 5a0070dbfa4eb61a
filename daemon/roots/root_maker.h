// Makes roots, one way or another: the keeper, or a fake in tests.
#pragma once

#include <stdint.h>

#include <span>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "daemon/model/root.h"

namespace reloc {

class RootMaker {
 public:
  using OnMade = absl::AnyInvocable<void(absl::StatusOr<MadeRoot>)>;
  virtual ~RootMaker() = default;

  // Makes the root that shows `store` (borrowed during the call) at `prefix`; with an empty prefix `store` is
  // an image. `on_made` is called once, later or before this returns, from the event loop's thread.
  virtual void Make(int store, const std::string& prefix, OnMade on_made) = 0;
  // Gives roots up. Processes inside go on.
  virtual void Release(std::span<const int32_t> fds) = 0;
};

}  // namespace reloc
