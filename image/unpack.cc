#include "image/unpack.h"

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

namespace reloc::image {
namespace {

// The most that xz may use for its dictionary: mksquashfs makes none larger than a block.
constexpr uint64_t kMaxDictionary = 32 << 20;

const uint8_t* Bytes(std::span<const char> bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }
uint8_t* Bytes(std::span<char> bytes) { return reinterpret_cast<uint8_t*>(bytes.data()); }

size_t UnpackGzip(std::span<const char> packed, std::span<char> memory) {
  uLongf size = memory.size();
  return uncompress(Bytes(memory), &size, Bytes(packed), packed.size()) == Z_OK ? size : 0;
}

size_t UnpackXz(std::span<const char> packed, std::span<char> memory) {
  uint64_t limit = kMaxDictionary;
  size_t from = 0, to = 0;
  const lzma_ret result = lzma_stream_buffer_decode(&limit, 0, nullptr, Bytes(packed), &from, packed.size(),
                                                    Bytes(memory), &to, memory.size());
  return result == LZMA_OK ? to : 0;
}

size_t UnpackLz4(std::span<const char> packed, std::span<char> memory) {
  const int size = LZ4_decompress_safe(packed.data(), memory.data(), static_cast<int>(packed.size()),
                                       static_cast<int>(memory.size()));
  return size > 0 ? static_cast<size_t>(size) : 0;
}

size_t UnpackZstd(std::span<const char> packed, std::span<char> memory) {
  static ZSTD_DCtx* const context = ZSTD_createDCtx();  // 150 KB: too large to make one for each block
  const size_t size =
      ZSTD_decompressDCtx(context, memory.data(), memory.size(), packed.data(), packed.size());
  return ZSTD_isError(size) ? 0 : size;
}

}  // namespace

size_t Unpack(Compression compression, std::span<const char> packed, std::span<char> memory) {
  switch (compression) {
    case Compression::kGzip:
      return UnpackGzip(packed, memory);
    case Compression::kXz:
      return UnpackXz(packed, memory);
    case Compression::kLz4:
      return UnpackLz4(packed, memory);
    case Compression::kZstd:
      return UnpackZstd(packed, memory);
    default:
      return 0;
  }
}

}  // namespace reloc::image
