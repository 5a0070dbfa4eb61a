// A root for an image: it is mounted in a staged root (root_builder.h), and the pack's store bound from there
// to the store prefix. See ADR 0024.
#pragma once

#include "reloc/launch/failure.h"
#include "reloc/launch/pack_image.h"

namespace reloc {

// The text that kImageIdLink has in the root of the image with `key`.
void DescribeImage(const RootKey& key, TextBuffer* text);

// Puts the calling process, which must be single-threaded, into namespaces of its own and a new root in them.
// In a user namespace that is not its own it stays, and makes only a mount namespace. On failure `*failure`
// says why, and the process is of no further use but to say so.
// `server` (may be null) is set to a socket that hangs up when the image's server ends.
bool EnterImageRoot(const PackImage& image, Failure* failure, UniqueFd* server = nullptr);

}  // namespace reloc
