// Opens one-file packs, which are SquashFS images, and identifies them.
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "reloc/base/path.h"
#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/root_registry.h"

namespace reloc {

struct PackImage {
  UniqueFd file;  // O_PATH: the server opens it for reading
  RootKey key;    // of the image's root: the file, its version, and no store prefix, which is not known yet
  PathText path;  // absolute and real, for messages
};

// Splits a path that leads into an image: "a/x.sqfs/bin/sed" -> "a/x.sqfs", "bin/sed". Returns false if no
// element of `program` except the last is a regular file. The file's content is not read.
bool SplitImagePath(string_view program, PathText* image, string_view* inside);

// The target of a path like "a/x.sqfs/bin/sed".
struct ImageTarget {
  PackImage image;
  string_view inside;  // "bin/sed"; points into the path
};
// Returns false if `program` does not lead into an image.
bool FindImageTarget(string_view program, ImageTarget* target);

// Opens the image `path`. Errors: those of open(2); EINVAL if it is not a regular file.
Errno OpenPackImage(const char* path, PackImage* image);

// Returns what distinguishes an image from earlier content of the same file: its size and times, including
// the time of change, which users cannot set back.
PackDigest ImageVersion(uint64_t size, const struct timespec& modified, const struct timespec& changed);

// Checks that `image` is an image, and complete: it contains its own length. On failure sets `*failure`.
bool CheckImage(const PackImage& image, Failure* failure);

}  // namespace reloc
