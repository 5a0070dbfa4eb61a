// An entry of an image as a file: the script "#!run_entry PROGRAM" is `relocctl run PROGRAM` with the script's
// arguments. A shell in between would change variables, signals and descriptors.
#include <stdio.h>
#include <unistd.h>

#include <string>

int main(int argc, char** argv) {
  if (argc < 3) return fputs("run_entry: the interpreter of a script\n", stderr), 125;
  const std::string self = argv[0];
  const std::string relocctl = self.substr(0, self.rfind('/')) + "/../bin/relocctl";
  argv[2] = argv[1];
  argv[1] = const_cast<char*>("run");
  argv[0] = const_cast<char*>("relocctl");
  execv(relocctl.c_str(), argv);
  return perror(relocctl.c_str()), 125;
}
