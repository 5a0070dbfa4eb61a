// Allocates the few texts and arrays that a launch makes just before exec. Nothing is freed: exec does that.
// Uses mmap(2) and not malloc, because nothing here may depend on a libc's heap.
#pragma once

#include <stddef.h>
#include <sys/mman.h>

#include "reloc/base/text.h"

namespace reloc {

class Arena {
 public:
  // Returns zeroed memory, aligned for pointers; nullptr if there is no more memory.
  void* Take(size_t size) {
    size = (size + alignof(void*) - 1) & ~(alignof(void*) - 1);
    if (size > room_ && !Grow(size)) return nullptr;
    char* memory = next_;
    next_ += size;
    room_ -= size;
    return memory;
  }
  template <typename T>
  T* TakeArray(size_t count) {
    return static_cast<T*>(Take(count * sizeof(T)));
  }
  char* Copy(string_view text) {
    char* copy = TakeArray<char>(text.size() + 1);
    if (copy != nullptr && !text.empty()) __builtin_memcpy(copy, text.data(), text.size());
    return copy;
  }

 private:
  bool Grow(size_t size) {
    constexpr size_t kChunk = 64 * 1024;
    size_t length = size > kChunk ? size : kChunk;
    void* memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    next_ = static_cast<char*>(memory);
    room_ = length;
    return true;
  }

  char* next_ = nullptr;
  size_t room_ = 0;
};

}  // namespace reloc
