// One-file packs: SquashFS images, and what identifies them.
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
  UniqueFd file;  // O_PATH: opening it is the server's business
  RootKey key;    // of the image's root: the file, its version, and no store prefix, which is not known yet
  PathText path;  // absolute and real, for people
};

// Splits a path that leads into an image: "a/x.sqfs/bin/sed" -> "a/x.sqfs", "bin/sed". False if no element of
// `program` but the last is a regular file. What that file holds is not looked at.
bool SplitImagePath(string_view program, PathText* image, string_view* inside);

// What a path like "a/x.sqfs/bin/sed" leads to.
struct ImageTarget {
  PackImage image;
  string_view inside;  // "bin/sed"; points into the path
};
// False if `program` does not lead into an image.
bool FindImageTarget(string_view program, ImageTarget* target);

// Opens the image `path`. Errors: those of open(2); EINVAL if it is no regular file.
Errno OpenPackImage(const char* path, PackImage* image);

// What tells an image from what the same file held before: its size and times, the one of change among them,
// which nobody can set back.
PackDigest ImageVersion(uint64_t size, const struct timespec& modified, const struct timespec& changed);

// Whether `image` is one, and all there: it says how long it is. `*failure` says what is wrong.
bool CheckImage(const PackImage& image, Failure* failure);

}  // namespace reloc
