// The list of mirrors, for people and for scripts.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/base/control_client.h"
#include "proto/control.pb.h"

namespace reloc {

absl::StatusOr<relocd::v1::ListMirrorsResponse> ListMirrors(const ControlClient& client);

// Does the same without a daemon, for the cache in `directory`: mirrors that are complete. It is unknown how
// many jobs run from them.
absl::StatusOr<relocd::v1::ListMirrorsResponse> ReadMirrors(const std::string& directory);

std::string MirrorsTable(const relocd::v1::ListMirrorsResponse& list);
std::string MirrorsJson(const relocd::v1::ListMirrorsResponse& list);

// Returns what to do about a damaged mirror.
std::string MirrorFix(const relocd::v1::Mirror& mirror);

// Returns "0b5f6c1de0a4.plain": enough of a mirror's name to distinguish it. Empty if there is none.
std::string ShortMirrorName(const std::string& name);

}  // namespace reloc
