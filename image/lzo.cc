// libsquashfuse wants LZO's library, whose licence (GPL) would become that of this program. Nobody compresses
// packs so: ours are zstd's. An image that is has nothing but errors in it, and squashfuse_ll or unsquashfs
// read it.
#include <stddef.h>

extern "C" int lzo1x_decompress_safe(const unsigned char*, size_t, unsigned char*, size_t*, void*);

int lzo1x_decompress_safe(const unsigned char*, size_t, unsigned char*, size_t*, void*) {
  return -1;  // LZO_E_ERROR
}
