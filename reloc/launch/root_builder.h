// Builds a root for the userns engine: the host's file system with the store on top, in the calling process's
// own mount namespace (see EnterNewNamespaces).
//
// If the host has a directory at the store prefix, the store is bound over it and nothing more is needed (0.1
// ms instead of 0.5 ms). Otherwise a tmpfs is staged over "/", every entry of "/" is bound into it, and the
// prefix's directory is made beside them.
//
// An image's root is always staged: it also shows the whole pack, for which the host has no place.
//
// Rejected: pivot_root(2) and unmounting the old root. The unmount waits for an RCU grace period (80 µs a
// launch); a root under an overmount cannot be seen or reached either. Rejected: an overlay with "/" as lower
// layer: it hides submounts and copies files up when they are written.
#pragma once

#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/failure.h"

namespace reloc {

// Where an image's root shows the whole pack, and the id of the image.
inline constexpr const char* kImageDir = "/.relocd";
inline constexpr const char* kImagePackDir = "/.relocd/pack";
inline constexpr const char* kImageIdLink = "/.relocd/image";

class RootBuilder {
 public:
  // Each returns false and sets `*failure` on failure. Call them in this order. They change the working
  // directory.
  bool Stage(string_view prefix, Failure* failure);
  // For an image, replace Stage(). StageForImage() makes a root with only an empty directory at
  // kImagePackDir, and the symlink kImageIdLink with the target `id`; the staged root becomes the working
  // directory. StagePrefix() adds the rest, once the image is mounted there and its prefix is known.
  bool StageForImage(string_view id, Failure* failure);
  bool StagePrefix(string_view prefix, Failure* failure);
  // Binds the directory `store`, recursively and read-only, at `prefix`.
  bool BindStore(const char* store, string_view prefix, Failure* failure);
  bool Enter(Failure* failure);

 private:
  bool MountStagingRoot(Failure* failure);
  bool MakePrefix(string_view prefix, Failure* failure);
  bool BindLevel(const char* host_dir, int staged_dir, string_view excluded, Failure* failure);
  bool BindEntry(const char* host_dir, const char* name, unsigned char type, Failure* failure);

  bool for_image_ = false;
  UniqueFd staged_;  // root of the staged tmpfs; invalid: the store is bound over the host's directory
};

}  // namespace reloc
