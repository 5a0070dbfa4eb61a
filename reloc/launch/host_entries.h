// What of the host's file system lies beside the store prefix: for an engine that lets programs see the host
// as it is, and maps the rest of "/" to the pack.
#pragma once

#include "reloc/base/text.h"
#include "reloc/launch/failure.h"

namespace reloc {

// Appends to `*list`, with ':' before each, the host's entries that neither lead to `prefix` nor lie below
// it: those of "/", and where the host has a parent of the prefix, those of that directory. For
// "/opt/site/store" on a host that has /opt: ":/bin:/etc:...:/opt/other". Names with a ':' are left out.
// False with `*failure` set when there are more than `limit`, or more than the list holds, or "/" cannot be
// listed.
bool ListHostEntries(string_view prefix, size_t limit, TextBuffer* list, Failure* failure);

}  // namespace reloc
