// The smallest program to launch: the time of a launch when the program itself does nothing.
//
//   probe                  exits at once, with status 0
//   probe pause            waits until it is killed, or until the process that started it ends: a live job
//   probe PROGRAM ARG...   becomes PROGRAM: the minimum cost of any static launcher
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
  // Thousands of these are started; none may outlive a benchmark that is killed.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return 1;
  while (true) pause();
}
