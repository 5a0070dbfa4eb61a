// The list of mirrors, for people and for scripts.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/base/control_client.h"
#include "proto/control.pb.h"

namespace reloc {

absl::StatusOr<relocd::v1::ListMirrorsResponse> ListMirrors(const ControlClient& client);

// The same without a daemon, of the cache in `directory`: mirrors that are whole. How many jobs run from them
// nobody knows.
absl::StatusOr<relocd::v1::ListMirrorsResponse> ReadMirrors(const std::string& directory);

std::string MirrorsTable(const relocd::v1::ListMirrorsResponse& list);
std::string MirrorsJson(const relocd::v1::ListMirrorsResponse& list);

// What to do about a mirror that is damaged.
std::string MirrorCure(const relocd::v1::Mirror& mirror);

// "0b5f6c1de0a4.plain": enough of a mirror's name to tell it from others. Empty for none.
std::string ShortMirrorName(const std::string& name);

}  // namespace reloc
