// Finds roots that the daemon keeps and has published in a file: joining one needs no answer from the daemon,
// hence no round trip, and works while the daemon is stopped.
//
// The file is in the daemon's directory (0700), so it can be trusted like the daemon itself. It may be out of
// date at any moment. That is harmless: every namespace is opened through the holder's descriptors, and its
// inode number is compared before it is joined. The layout is per version; a file of another version is
// ignored.
//
// The table uses open addressing by the identity of the pack's store directory, which the root's bind mount
// pins: as long as the root exists, no other directory can have that (device, inode). A pack replaced in
// place has another store directory, or another digest.
#pragma once

#include <stdint.h>

#include "reloc/base/file.h"
#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/caller.h"
#include "reloc/launch/plan.h"

namespace reloc {

inline constexpr uint32_t kRegistryVersion = 1;
inline constexpr size_t kRegistrySlots = 4096;  // a power of two; the daemon keeps at most half of it

struct RegistryHeader {
  char magic[4];  // "RLRR"
  uint32_t version;
  int32_t holder_pid;  // 0: nothing is published
  int32_t user_ns_fd;  // descriptor number in the holder
  uint64_t user_ns_inode;
  CallerContext maker;  // callers must have the context that the roots were made in
  uint8_t padding[48];
};
static_assert(sizeof(RegistryHeader) == 128);

struct RegistrySlot {
  FileId store;
  PackDigest digest;
  uint64_t prefix_hash;     // Fnv1a64(store prefix)
  uint64_t mount_ns_inode;  // 0 with store.inode != 0: removed, continue the search
  int32_t mount_ns_fd;
  uint32_t reserved;
};
static_assert(sizeof(RegistrySlot) == 56);

struct RegistryFile {
  RegistryHeader header;
  RegistrySlot slots[kRegistrySlots];
};

// Returns the first slot to search for `store`. The search wraps around at the end, and stops at a slot with
// store.inode 0.
size_t FirstSlot(const FileId& store);

struct RootKey {
  FileId store;
  PackDigest digest{};
  uint64_t prefix_hash = 0;
};

struct RootNamespaces {
  UniqueFd user;  // invalid: the root has no user namespace of its own (made with privileges)
  UniqueFd mount;
};

// Looks `key` up in the registry of the daemon whose directory is open as `daemon_dir`. Errors: ENOENT (no
// registry, or no such root), EXDEV (the caller has another context), ESTALE (published, but gone).
Result<RootNamespaces> FindPublishedRoot(int daemon_dir, const RootKey& key, const CallerContext& caller);

}  // namespace reloc
