// Makes the few system calls of the modules that ld.so loads (audit/, preload/), which are linked to no libc.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace reloc::raw {

// Returns the kernel's result: an error is -errno.
inline long Call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "reloc/base/raw.h: add this machine's system call instruction"
#endif
}

inline long Address(const void* pointer) { return reinterpret_cast<long>(pointer); }

// Returns a descriptor, close-on-exec, or a negative number.
inline int OpenForReading(const char* path) {
  return static_cast<int>(Call(SYS_openat, AT_FDCWD, Address(path), O_RDONLY | O_CLOEXEC));
}

// Returns the number of bytes read at `offset`, or a negative number.
inline long ReadAt(int fd, char* memory, size_t size, size_t offset) {
  long result;
  do {
    result = Call(SYS_pread64, fd, Address(memory), static_cast<long>(size), static_cast<long>(offset));
  } while (result == -EINTR);
  return result;
}

// Returns the size of a regular file, or a negative number.
inline long FileSize(int fd) { return Call(SYS_lseek, fd, 0, SEEK_END); }

inline void Close(int fd) { Call(SYS_close, fd); }

// Returns new zeroed pages, or nullptr.
inline void* MapMemory(size_t size) {
  long result =
      Call(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return result < 0 && result > -4096 ? nullptr : reinterpret_cast<void*>(result);
}

// Maps the whole file `fd`, of `size` bytes. Returns nullptr on failure.
inline const void* MapFile(int fd, size_t size) {
  long result = Call(SYS_mmap, 0, static_cast<long>(size), PROT_READ, MAP_PRIVATE, fd, 0);
  return result < 0 && result > -4096 ? nullptr : reinterpret_cast<const void*>(result);
}

inline void UnmapMemory(void* memory, size_t size) {
  Call(SYS_munmap, Address(memory), static_cast<long>(size));
}

// Sets the name that ps(1), top(1) and pgrep(1) show; the kernel keeps 15 bytes.
inline void SetProcessName(const char* name) { Call(SYS_prctl, PR_SET_NAME, Address(name)); }

}  // namespace reloc::raw
