// An event as `relocctl events` prints it.
#pragma once

#include <string>

#include "client/base/format.h"
#include "proto/control.pb.h"

namespace reloc {

// The fields that an event of this type has, by the names that scripts rely on.
Record EventRecord(const relocd::v1::Event& event);

// One line, without its end: time, type, and what it is about.
std::string EventLine(const relocd::v1::Event& event);

}  // namespace reloc
