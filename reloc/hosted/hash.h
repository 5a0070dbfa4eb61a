// SHA-256, by OpenSSL (which uses the processor's SHA instructions).
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
  // Once only.
  Sha256Digest Finish() &&;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Hash of the regular file `path`, which must not be a symlink; its bytes are counted by `meter`.
absl::StatusOr<Sha256Digest> HashFile(const std::string& path, ProgressMeter* meter);

}  // namespace reloc
