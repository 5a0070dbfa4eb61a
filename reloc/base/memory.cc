// The functions of string.h that a module without libc needs; compilers also generate calls to some of them.
// Compiled into the modules that ld.so loads (cmake/LoaderModule.cmake), not into the layer.
#include <stddef.h>

#if defined(__GNUC__) && !defined(__clang__)
// Otherwise the compiler would replace the loops by calls to themselves.
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, size_t size) {
  char* out = static_cast<char*>(to);
  const char* in = static_cast<const char*>(from);
  for (size_t i = 0; i < size; ++i) out[i] = in[i];
  return to;
}

void* memset(void* to, int value, size_t size) {
  char* out = static_cast<char*>(to);
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(value);
  return to;
}

int memcmp(const void* left, const void* right, size_t size) {
  const unsigned char* a = static_cast<const unsigned char*>(left);
  const unsigned char* b = static_cast<const unsigned char*>(right);
  for (size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return a[i] - b[i];
  }
  return 0;
}

size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}

void* memmove(void* to, const void* from, size_t size) {
  char* out = static_cast<char*>(to);
  const char* in = static_cast<const char*>(from);
  if (out <= in) return memcpy(to, from, size);
  while (size-- > 0) out[size] = in[size];
  return to;
}

void* memchr(const void* memory, int value, size_t size) {
  const char* in = static_cast<const char*>(memory);
  for (size_t i = 0; i < size; ++i) {
    if (in[i] == static_cast<char>(value)) return const_cast<char*>(in + i);
  }
  return nullptr;
}

int strncmp(const char* left, const char* right, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    int difference = static_cast<unsigned char>(left[i]) - static_cast<unsigned char>(right[i]);
    if (difference != 0 || left[i] == '\0') return difference;
  }
  return 0;
}

int strcmp(const char* left, const char* right) { return strncmp(left, right, static_cast<size_t>(-1)); }

char* strchrnul(const char* text, int value) {
  while (*text != '\0' && *text != static_cast<char>(value)) ++text;
  return const_cast<char*>(text);
}

char* strchr(const char* text, int value) {
  char* found = strchrnul(text, value);
  return *found == static_cast<char>(value) ? found : nullptr;
}

}  // extern "C"
