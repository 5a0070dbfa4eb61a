// The smallest program to launch: what is left of a launch's time when the program itself does nothing.
//
//   probe                  ends at once, with status 0
//   probe pause            waits until it is killed, or until the process that started it ends: a live job
//   probe PROGRAM ARG...   becomes PROGRAM: what any static launcher pays at least
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char** argv, char** envp) {
  if (argc < 2) return 0;
  if (strcmp(argv[1], "pause") != 0) {
    execve(argv[1], argv + 1, envp);
    return 127;
  }
  // Thousands of these are started; none may outlive a benchmark that was killed.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return 1;
  while (true) pause();
}
