#include "daemon/control/service.h"

namespace reloc {

grpc::Status Ask(Mailbox* mailbox, absl::FunctionRef<void()> work) {
  if (mailbox->Run(work)) return grpc::Status::OK;
  return {grpc::StatusCode::UNAVAILABLE, "the daemon is stopping"};
}

}  // namespace reloc
