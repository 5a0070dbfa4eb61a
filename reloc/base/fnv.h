// Hashes short texts with FNV-1a. Do not use it for texts that an attacker may choose.
#pragma once

#include <stdint.h>

#include "reloc/base/text.h"

namespace reloc {

constexpr uint64_t Fnv1a64(string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

constexpr uint32_t Fnv1a32(string_view text) {
  uint32_t hash = 0x811c9dc5;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x1000193;
  return hash;
}

}  // namespace reloc
