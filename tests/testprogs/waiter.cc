// waiter [SIGNAL]: sends itself that signal at once. Without one, it prints what happens to it until it is ended:
// "ready" at first, "continued" after SIGCONT, "size ROWS COLUMNS" after SIGWINCH, and each line that it reads.
//
// waiter -SIGNAL: prints "ready", and "got" at that signal, and ends with status 7. Shells cannot do this reliably:
// a bash that is about to wait for a child may send itself SIGINT for ever.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace {

void Say(const char* text) {
  if (write(1, text, strlen(text)) < 0) _exit(1);
}

void SayContinued(int) { Say("continued\n"); }

void SaySize(int) {
  struct winsize size = {};
  char line[64];
  ioctl(0, TIOCGWINSZ, &size);
  snprintf(line, sizeof line, "size %d %d\n", size.ws_row, size.ws_col);
  Say(line);
}

void SayGot(int) {
  Say("got\n");
  _exit(7);
}

void Handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigaction(signal, &action, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  const int number = argc > 1 ? atoi(argv[1]) : 0;
  if (number > 0) return raise(number);
  if (number < 0) {
    Handle(-number, SayGot);
    Say("ready\n");
    for (;;) pause();
  }
  Handle(SIGCONT, SayContinued);
  Handle(SIGWINCH, SaySize);
  Say("ready\n");
  char line[256];
  for (;;) {
    ssize_t size = read(0, line, sizeof line - 1);
    if (size == 0) return 0;
    if (size < 0 && errno != EINTR) return perror("waiter"), 1;
    if (size < 0) continue;
    line[size] = '\0';
    Say("read ");
    Say(line);
  }
}
