// Makes a root for an image: the image is mounted in a staged root (root_builder.h), and the pack's store is
// bound from there to the store prefix. See ADR 0024.
#pragma once

#include "reloc/launch/failure.h"
#include "reloc/launch/pack_image.h"

namespace reloc {

// Writes the text that kImageIdLink has in the root of the image with `key`.
void DescribeImage(const RootKey& key, TextBuffer* text);

// Puts the calling process, which must be single-threaded, into namespaces of its own and a new root in them.
// If it has CAP_SYS_ADMIN already, it makes only a mount namespace. On failure sets `*failure`; the process
// must then only report it and end. `server` (may be null) is set to a socket that
// hangs up when the image's server ends.
bool EnterImageRoot(const PackImage& image, Failure* failure, UniqueFd* server = nullptr);

}  // namespace reloc
