// argc0 PROGRAM: executes it with an empty argument list, as no shell can (CVE-2021-4034).
#include <stdio.h>
#include <unistd.h>

int main(int, char** argv) {
  char* nothing[] = {nullptr};
  execve(argv[1], nothing, environ);
  perror(argv[1]);
  return 127;
}
