// Formats an event as `relocctl events` prints it.
#pragma once

#include <string>

#include "client/base/format.h"
#include "proto/control.pb.h"

namespace reloc {

// Returns the fields of an event of this type, by the names that scripts rely on.
Record EventRecord(const relocd::v1::Event& event);

// Returns one line, without its end: time, type, and subject.
std::string EventLine(const relocd::v1::Event& event);

}  // namespace reloc
