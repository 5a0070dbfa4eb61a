// Prints what a program sees: one question for each word on the command line.
#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

extern "C" int FirstLibrary();
extern "C" int SecondLibrary();

namespace {

void Argv0(const char* argv0) { printf("%s\n", argv0); }

void Cwd() {
  char path[4096];
  printf("%s\n", getcwd(path, sizeof path) != nullptr ? path : strerror(errno));
}

void Exe() {
  char path[4096] = "";
  printf("%s\n", readlink("/proc/self/exe", path, sizeof path - 1) > 0 ? path : strerror(errno));
}

void Name() {
  char name[16] = "";
  prctl(PR_GET_NAME, name);
  printf("%s\n", name);
}

// Opens a library that does not exist and then `library`, and calls its Answer().
int Open(const char* library) {
  if (dlopen("libmissing.so.9", RTLD_NOW) != nullptr) return 1;
  void* handle = dlopen(library, RTLD_NOW);
  if (handle == nullptr) {
    printf("%s\n", dlerror());
    return 1;
  }
  auto* answer = reinterpret_cast<int (*)()>(dlsym(handle, "Answer"));
  printf("%d\n", answer != nullptr ? answer() : -1);
  return 0;
}

// Converts the Cyrillic letter A to `charset`.
int Convert(const char* charset) {
  iconv_t converter = iconv_open(charset, "UTF-8");
  if (converter == reinterpret_cast<iconv_t>(-1)) {
    printf("%s\n", strerror(errno));
    return 1;
  }
  char in[] = "\xd0\x90", out[8] = "";
  char* from = in;
  char* to = out;
  size_t in_size = 2, out_size = sizeof out;
  iconv(converter, &from, &in_size, &to, &out_size);
  iconv_close(converter);
  printf("%02x\n", static_cast<unsigned char>(out[0]));
  return 0;
}

int User(const char* name) {
  struct passwd* entry = getpwnam(name);
  printf("%s\n", entry != nullptr ? entry->pw_dir : "none");
  return entry != nullptr ? 0 : 1;
}

// Copies the file `path` to stdout.
int Show(const char* path) {
  FILE* file = fopen(path, "r");
  if (file == nullptr) {
    printf("%s\n", strerror(errno));
    return 1;
  }
  for (int c; (c = fgetc(file)) != EOF;) putchar(c);
  fclose(file);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const char* question = argc > 1 ? argv[1] : "";
  const char* what = argc > 2 ? argv[2] : "";
  if (strcmp(question, "argv0") == 0) Argv0(argv[0]);
  if (strcmp(question, "cwd") == 0) Cwd();
  if (strcmp(question, "exe") == 0) Exe();
  if (strcmp(question, "name") == 0) Name();
  if (strcmp(question, "libraries") == 0) printf("%d %d\n", FirstLibrary(), SecondLibrary());
  if (strcmp(question, "open") == 0) return Open(what);
  if (strcmp(question, "iconv") == 0) return Convert(what);
  if (strcmp(question, "user") == 0) return User(what);
  if (strcmp(question, "show") == 0) return Show(what);
  if (strcmp(question, "locale") == 0)
    printf("%s\n", setlocale(LC_ALL, "") != nullptr ? nl_langinfo(CODESET) : "none");
  if (strcmp(question, "exit") == 0) return atoi(what);
  if (strcmp(question, "signal") == 0) raise(atoi(what));
  if (strcmp(question, "system") == 0) return system(what) == 0 ? 0 : 1;
  return 0;
}
