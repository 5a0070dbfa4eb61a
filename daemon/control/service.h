// One gRPC service of the control socket.
//
// gRPC calls a service's methods on threads of its own. They take a copy of what they need on the event
// loop's thread (Ask), and do everything slow (sending) on their own. What has to be read of other processes'
// /proc they ask a process for (ProcessReader).
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>

#include "absl/functional/function_ref.h"
#include "daemon/base/mailbox.h"

namespace reloc {

class Service {
 public:
  // After Stop(), when no call is left; on any thread, so that nothing of the event loop's may be touched.
  virtual ~Service() = default;
  virtual grpc::Service* grpc() = 0;
  // The daemon stops, or gRPC does for want of work: calls that wait for something must end now. Called on
  // the event loop's thread.
  virtual void Stop() {}
};

// `mailbox` outlives the service.
using ServiceFactory = std::function<std::unique_ptr<Service>(Mailbox* mailbox)>;

// Runs `work` on the event loop's thread. UNAVAILABLE when the daemon is stopping.
grpc::Status Ask(Mailbox* mailbox, absl::FunctionRef<void()> work);

}  // namespace reloc
