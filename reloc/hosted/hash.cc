#include "reloc/hosted/hash.h"

#include <errno.h>
#include <openssl/evp.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

namespace reloc {

// EVP calls fail only for a wrong argument, a missing algorithm or lack of memory. There is no way to go on,
// hence the checks that end the process like a failed `new` does.
static void Require(int ok) {
  if (ok != 1) std::abort();
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  Require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::Update(std::string_view bytes) {
  Require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

Sha256Digest Sha256::Finish() && {
  Sha256Digest digest;
  Require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  return digest;
}

absl::StatusOr<Sha256Digest> HashFile(const std::string& path, ProgressMeter* meter) {
  thread_local std::vector<char> buffer(256 << 10);  // fits the L2 cache, where hashing finds it
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  Sha256 hash;
  for (;;) {
    Result<size_t> got = ReadAll(fd.get(), buffer);
    if (!got.ok()) return SystemError(got.error().value, absl::StrCat("cannot read ", path));
    hash.Update({buffer.data(), *got});
    RELOC_RETURN_IF_ERROR(meter->Add(*got));
    if (*got < buffer.size()) return std::move(hash).Finish();
  }
}

}  // namespace reloc
