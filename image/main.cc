// reloc-squashfs: serves the files of a one-file pack (docs/adr/0024-one-file-packs.md).
//
//   reloc-squashfs -f IMAGE /dev/fd/N
//
// Called like squashfuse_ll, in whose place it is. N is /dev/fuse, as it was mounted; it ends with the mount.
#include <stdio.h>

#include "image/operations.h"
#include "image/squashfs.h"

namespace reloc::image {
namespace {

// One thread: libsquashfuse's caches are for one, and the kernel asks once for each thing.
bool Serve(char* name, const char* mounted, Squashfs* image) {
  char* texts[] = {name, nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(1, texts);
  fuse_session* session = fuse_session_new(&arguments, &Operations(), sizeof(fuse_lowlevel_ops), image);
  if (session == nullptr) return false;  // libfuse has said why, here and below
  const bool served = fuse_session_mount(session, mounted) == 0 && fuse_session_loop(session) == 0;
  fuse_session_destroy(session);
  return served;
}

}  // namespace
}  // namespace reloc::image

int main(int argc, char** argv) {
  if (argc != 4) {
    fputs("usage: reloc-squashfs -f IMAGE /dev/fd/N\n", stderr);
    return 2;
  }
  reloc::image::Squashfs image;
  return image.Open(argv[2]) && reloc::image::Serve(argv[0], argv[3], &image) ? 0 : 1;
}
