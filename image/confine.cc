#include "image/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <iterator>
#include <vector>

namespace reloc::image {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(RELOC_SANITIZE_THREAD)
constexpr bool kInstrumented = true;
#else
constexpr bool kInstrumented = false;
#endif

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;  // x32 call numbers begin at 2^30: none is listed
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the kernel's name for this architecture is missing"
#endif

// For reading the image and answering the kernel; malloc; ending the process.
constexpr int kAllowed[] = {
    SYS_read,          SYS_writev,       SYS_pread64,         SYS_write,   SYS_brk,
    SYS_munmap,        SYS_mremap,       SYS_futex,           SYS_madvise, SYS_close,
    SYS_clock_gettime, SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit,    SYS_exit_group};
// Used by malloc too. They must not make memory executable.
constexpr int kMapping[] = {SYS_mmap, SYS_mprotect};

constexpr rlim_t kMaxMemory = 512 << 20;
constexpr rlim_t kMaxFile = 1 << 20;  // the memory files for stderr and for names

constexpr uint32_t kKill = SECCOMP_RET_KILL_PROCESS;

sock_filter Load(size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
sock_filter Return(uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
// Executes the next `count` instructions only if the loaded value is `value`.
sock_filter IfEqual(uint32_t value, uint8_t count) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
}

std::vector<sock_filter> MakeFilter() {
  constexpr size_t kProtection = offsetof(seccomp_data, args) + 2 * sizeof(uint64_t);  // its low half
  std::vector<sock_filter> filter = {Load(offsetof(seccomp_data, arch)),
                                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0), Return(kKill),
                                     Load(offsetof(seccomp_data, nr))};
  for (int number : kAllowed) {
    filter.push_back(IfEqual(static_cast<uint32_t>(number), 1));
    filter.push_back(Return(SECCOMP_RET_ALLOW));
  }
  for (int number : kMapping) {
    filter.push_back(IfEqual(static_cast<uint32_t>(number), 4));
    filter.push_back(Load(kProtection));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0));
    filter.push_back(Return(SECCOMP_RET_ALLOW));
    filter.push_back(Return(kKill));
  }
  filter.push_back(Return(kKill));
  return filter;
}

void Limit(int resource, rlim_t most) {
  struct rlimit limit = {};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return;
  if (limit.rlim_max > most) limit.rlim_max = most;
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  // A process may always lower its own limits.
  (void)::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

}  // namespace

bool Confine() {
  if (kInstrumented) return true;
  Limit(RLIMIT_AS, kMaxMemory);
  Limit(RLIMIT_FSIZE, kMaxFile);
  Limit(RLIMIT_CORE, 0);
  std::vector<sock_filter> filter = MakeFilter();
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  // EINVAL: a kernel without CONFIG_SECCOMP_FILTER.
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 || errno == EINVAL;
}

void LimitTime(unsigned seconds) { Limit(RLIMIT_CPU, seconds); }

}  // namespace reloc::image
