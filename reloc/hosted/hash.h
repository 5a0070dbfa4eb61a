// Computes SHA-256 with OpenSSL (which uses the processor's SHA instructions).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"

struct evp_md_ctx_st;  // EVP_MD_CTX: openssl/evp.h stays out of our headers

namespace reloc {

using Sha256Digest = std::array<uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  void Update(std::string_view bytes);
  // May be called only once.
  Sha256Digest Finish() &&;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Hashes the regular file `path`, which must not be a symlink; counts its bytes with `meter`.
absl::StatusOr<Sha256Digest> HashFile(const std::string& path, ProgressMeter* meter);

}  // namespace reloc
