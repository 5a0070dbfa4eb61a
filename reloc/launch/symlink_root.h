// The loader engine's root: a directory of symlinks to every entry of "/", in which the store prefix leads to
// the pack's store. It persists and is shared by all launches that want the same content.
#pragma once

#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/launch/failure.h"

namespace reloc {

// Finds or makes the symlink root that shows `store` (a real, absolute path) at `prefix`; its path is
// appended to
// `*root`. False with `*failure` set if no place for it can be written.
bool EnsureSymlinkRoot(const char* const* envp, string_view store, string_view prefix, TextBuffer* root,
                       Failure* failure);

}  // namespace reloc
