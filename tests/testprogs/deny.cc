// deny SYSCALL... -- PROGRAM [ARG...]: executes it under a seccomp filter that answers the named calls with
// EPERM, as containers, sandboxes and Ubuntu's restriction of user namespaces do.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr struct {
  const char* name;
  unsigned number;
} kCalls[] = {{"mount", SYS_mount},     {"unshare", SYS_unshare}, {"clone", SYS_clone},
              {"clone3", SYS_clone3},   {"setns", SYS_setns},     {"chroot", SYS_chroot},
              {"ptrace", SYS_ptrace},   {"socket", SYS_socket},   {"connect", SYS_connect},
              {"umount2", SYS_umount2}, {"prctl", SYS_prctl}};

constexpr size_t kMaxCalls = 8;
struct sock_filter g_filter[2 + 2 * kMaxCalls];
unsigned short g_size = 0;

void Append(struct sock_filter instruction) { g_filter[g_size++] = instruction; }

bool Deny(const char* name) {
  for (const auto& call : kCalls) {
    if (strcmp(call.name, name) != 0) continue;
    Append(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.number, 0, 1));
    Append(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    return true;
  }
  return false;
}

}  // namespace

int main(int, char** argv) {
  Append(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
  size_t calls = 0;
  for (++argv; *argv != nullptr && strcmp(*argv, "--") != 0; ++argv) {
    if (++calls > kMaxCalls || !Deny(*argv)) return fprintf(stderr, "deny: cannot deny %s\n", *argv), 125;
  }
  Append(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  struct sock_fprog program = {g_size, g_filter};
  if (*argv == nullptr || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return perror("deny"), 125;
  }
  execv(argv[1], argv + 1);
  perror(argv[1]);
  return 127;
}
