#include "bench/slow/many_libraries.h"

#include "absl/strings/str_cat.h"
#include "bench/launching/process.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

constexpr char kStorePrefix[] = "/relocd-benchmark-of-a-program-with-many-libraries";

// Runs in the store's directory; $1: the prefix, $2: libraries, $3: directories. Names of items begin with 32
// characters of nix-base32, which includes decimal digits.
constexpr char kScript[] = R"sh(
item() { printf %032d-%s "$1" "$2"; }
glibc=$(item 1000 glibc)/lib
mkdir -p "$glibc"
for file in libc.so.6 ld-linux-x86-64.so.2; do cp -L "$(cc -print-file-name=$file)" "$glibc"; done

search=$1/$glibc
directory=0
while [ $directory -lt $3 ]; do
  mkdir -p "$(item $directory libraries)/lib"
  search=$search:$1/$(item $directory libraries)/lib
  directory=$((directory + 1))
done

number=0
while [ $number -lt $2 ]; do
  echo "$number $(item $((number % $3)) libraries)/lib/libnumber$number.so"
  number=$((number + 1))
done > libraries
xargs -P "$(nproc)" -L 1 sh -c \
  'echo "int number$1(void) { return 1; }" | cc -x c - -shared -nostdlib -Wl,-soname,libnumber$1.so -o "$2"' sh < libraries

{
  sed 's/\([0-9]*\) .*/int number\1(void);/' libraries
  echo 'int main(void) { int sum = 0;'
  sed 's/\([0-9]*\) .*/sum += number\1();/' libraries
  echo "return sum == $2 ? 0 : 1; }"
} > many.c
program=$(item 1001 many)/bin
mkdir -p "$program"
cc many.c -o "$program/many" $(sed 's/.* //' libraries) \
  "-Wl,--enable-new-dtags,-rpath,$search,--dynamic-linker,$1/$glibc/ld-linux-x86-64.so.2"
rm many.c libraries
printf %s "$(dirname "$program")"
)sh";

}  // namespace

absl::StatusOr<std::vector<std::string>> MakeManyLibraries(const Workspace& workspace) {
  const std::string store = workspace.Path("many-store");
  RELOC_ASSIGN_OR_RETURN(
      Captured made,
      Capture(Command({"/bin/sh", "-euc", absl::StrCat("mkdir '", store, "' && cd '", store, "'\n", kScript),
                       "sh", kStorePrefix, absl::StrCat(kLibraries), absl::StrCat(kLibraryDirectories)},
                      workspace.BaseEnvironment())));
  if (!made.succeeded())
    return absl::UnavailableError(absl::StrCat("cannot make a program with many libraries: ", ErrorOf(made)));
  return std::vector<std::string>{"--store-prefix", kStorePrefix,
                                  "--store-dir",    store,
                                  "--from-store",   absl::StrCat(store, "/", made.output)};
}

}  // namespace reloc::bench
