// Finds the mirrors that are ready: symlinks that the daemon keeps in its directory.
//
//   DIR/mirrors/<32 hex digits of the pack's digest>.plain   leads to a directory that is shaped like the pack
//   DIR/mirrors/<32 hex digits of the pack's digest>.graft   leads to the graft path: see graft_path.h
//
// This takes one readlinkat(2) and no answer from the daemon: a launch never waits for a mirror. The
// directory is private, so a link can be trusted like the daemon itself; it may be out of date if the daemon
// was killed.
#pragma once

#include "reloc/base/file.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/launch/plan.h"

namespace reloc {

inline constexpr const char* kMirrorLinks = "mirrors";
inline constexpr string_view kPlainMirror = ".plain";
inline constexpr string_view kGraftedMirror = ".graft";

// Appends "<32 hex digits><kind>": a mirror's name, here and in its cache.
void AppendMirrorName(const PackDigest& digest, string_view kind, TextBuffer* name);

// Appends the link's target to `*path`. `daemon_dir` comes from OpenDaemonDir(), or is -1. ENOENT: no mirror
// is ready, or the digest is zero, which is that of a tree without a manifest; EINVAL: the target is no
// absolute path.
Errno FindMirror(int daemon_dir, const PackDigest& digest, string_view kind, TextBuffer* path);

// Identifies the directory at `prefix`: the pack's own `store`, or that of the pack's plain mirror, which the
// daemon's roots show once it is ready.
enum class Shown { kOther, kPack, kMirror };
Shown IdentifyStore(string_view prefix, const FileId& store, int daemon_dir, const PackDigest& digest);

}  // namespace reloc
