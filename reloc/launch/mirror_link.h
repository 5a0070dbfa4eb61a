// Where a launch finds the mirrors that are ready: symlinks that the daemon keeps in its directory.
//
//   DIR/mirrors/<32 hex digits of the pack's digest>.plain   leads to a directory that is shaped like the pack
//   DIR/mirrors/<32 hex digits of the pack's digest>.graft   leads to the graft path: see graft_path.h
//
// One readlinkat(2) and no answer of the daemon's: a launch never waits for a mirror. The directory is
// private, so what a link says is as good as what the daemon says; it may be out of date, when the daemon was
// killed.
#pragma once

#include "reloc/base/file.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/launch/plan.h"

namespace reloc {

inline constexpr const char* kMirrorLinks = "mirrors";
inline constexpr string_view kPlainMirror = ".plain";
inline constexpr string_view kGraftedMirror = ".graft";

// "<32 hex digits><kind>": what a mirror is called, here and in its cache.
void AppendMirrorName(const PackDigest& digest, string_view kind, TextBuffer* name);

// Appends what the link says to `*path`. `daemon_dir` is open as by OpenDaemonDir(), or -1. ENOENT: no mirror
// is ready, or the digest is zero, which is that of a tree without a manifest; EINVAL: it is no absolute
// path.
Errno FindMirror(int daemon_dir, const PackDigest& digest, string_view kind, TextBuffer* path);

// What the directory at `prefix` is: the pack's own `store`, or that of the pack's plain mirror, which the
// daemon's roots show once it is ready.
enum class Shown { kOther, kPack, kMirror };
Shown IdentifyStore(string_view prefix, const FileId& store, int daemon_dir, const PackDigest& digest);

}  // namespace reloc
