#include "reloc/pack/closure.h"

#include <gmock/gmock.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "reloc/pack/host_command.h"
#include "tests/unit/pack/fixture.h"

namespace reloc {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Names(const Closure& closure) {
  std::vector<std::string> names;
  for (const ClosureItem& item : closure.items) names.push_back(item.name);
  return names;
}

using ClosureTest = PackTest;

TEST_F(ClosureTest, FollowsFilesSymlinksAndNames) {
  FillStore();
  Write(absl::StrCat("store/", Item('n', "by-name")), "");
  Write(absl::StrCat("store/", Item('u', "unrelated")), "");  // 'u' is not in the alphabet: not even an item
  Write(absl::StrCat("store/", Item('z', "unrelated")), "");
  Link(absl::StrCat("store/", Item('p', "profile"), "/bin"),
       absl::StrCat("/gnu/store/", Item('h', "hello"), "/bin"));
  Write(absl::StrCat("store/", Item('p', "profile"), "/", Item('n', "by-name")), "");
  absl::StatusOr<Closure> closure = FindClosure(Store(), {Item('p', "profile")});
  ASSERT_TRUE(closure.ok()) << closure.status();
  EXPECT_THAT(Names(*closure),
              ElementsAre(Item('d', "data"), Item('h', "hello"), Item('n', "by-name"), Item('p', "profile")));
  EXPECT_THAT(closure->items[3].references, ElementsAre(Item('h', "hello"), Item('n', "by-name")));
  EXPECT_THAT(closure->items[1].references, ElementsAre(Item('d', "data")));
  EXPECT_THAT(closure->items[0].references, IsEmpty());
}

TEST_F(ClosureTest, EndsForItemsThatReferToEachOtherAndThemselves) {
  Write(absl::StrCat("store/", Item('a', "a")), absl::StrCat(Item('a', "a"), " ", Item('b', "b")));
  Write(absl::StrCat("store/", Item('b', "b")), Item('a', "a"));
  absl::StatusOr<Closure> closure = FindClosure(Store(), {Item('a', "a")});
  ASSERT_TRUE(closure.ok());
  EXPECT_THAT(Names(*closure), ElementsAre(Item('a', "a"), Item('b', "b")));
  EXPECT_THAT(closure->items[0].references, ElementsAre(Item('b', "b")));
}

TEST_F(ClosureTest, NamesTheReferrerOfAMissingItem) {
  FillStore();
  std::filesystem::remove_all(Path(absl::StrCat("store/", Item('d', "data"))));
  absl::StatusOr<Closure> closure = FindClosure(Store(), {Item('h', "hello")});
  ASSERT_TRUE(closure.ok());
  absl::Status status = RequireComplete(Store(), closure->missing);
  EXPECT_THAT(Message(status),
              HasSubstr(absl::StrCat("/gnu/store/", Item('h', "hello"), "/bin/hello refers to ")));
  EXPECT_THAT(Message(status), HasSubstr(absl::StrCat("/gnu/store/", Item('d', "data"))));
}

TEST_F(ClosureTest, RefusesARootThatDoesNotExist) {
  EXPECT_THAT(Message(FindClosure(Store(), {Item('a', "gone")}).status()),
              HasSubstr("there is no item aaaa"));
}

TEST_F(ClosureTest, RefusesSpecialFiles) {
  FillStore();
  std::string fifo = absl::StrCat("store/", Item('h', "hello"), "/fifo");
  ASSERT_EQ(mkfifo(Path(fifo).c_str(), 0644), 0);
  EXPECT_THAT(Message(FindClosure(Store(), {Item('h', "hello")}).status()),
              HasSubstr("fifo is neither a file"));
}

TEST_F(ClosureTest, StopsWhenAsked) {
  FillStore();
  absl::StatusOr<Closure> closure =
      FindClosure(Store(), {Item('h', "hello")}, [](const Progress&) { return false; });
  // Two small files are below the first report: the scan may end before the callback is called, but must not fail
  // in another way.
  EXPECT_TRUE(closure.ok() || closure.status().code() == absl::StatusCode::kCancelled);
}

// Compares with derivations that a real Nix builds, in a store of their own.
class NixClosureTest : public PackTest {
 protected:
  void SetUp() override {
    if (!RunCommand({"nix-store", "--version"}).ok()) {
      const char* must = getenv("RELOC_MUST_WORK");
      std::vector<std::string> features = absl::StrSplit(must != nullptr ? must : "", ',');
      ASSERT_THAT(features, testing::Not(testing::Contains("nix"))) << "nix-store does not run";
      GTEST_SKIP() << "nix-store does not run; install the package nix-bin";
    }
    Write("conf/nix.conf", "sandbox = false\nbuild-users-group =\nsubstitute = false\n");
  }
  ~NixClosureTest() override {
    // Nix makes its items read-only, directories included.
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (!entry.is_symlink() && entry.is_directory()) chmod(entry.path().c_str(), 0755);
    }
  }

  // Returns the standard output of a Nix command that uses the private store.
  std::string Nix(std::vector<std::string> command) {
    std::vector<std::string> words = {"env",
                                      "-u",
                                      "NIX_REMOTE",
                                      "USER=tester",  // Nix requires a name, also for a uid without account
                                      absl::StrCat("HOME=", directory_),
                                      absl::StrCat("NIX_STORE_DIR=", Path("store")),
                                      absl::StrCat("NIX_STATE_DIR=", Path("state")),
                                      absl::StrCat("NIX_LOG_DIR=", Path("log")),
                                      absl::StrCat("NIX_CONF_DIR=", Path("conf"))};
    words.insert(words.end(), command.begin(), command.end());
    absl::StatusOr<CommandResult> result = RunCommand(words);
    EXPECT_TRUE(result.ok() && result->exit_code == 0) << (result.ok() ? result->errors : "env is missing");
    return result.ok() ? std::string(absl::StripAsciiWhitespace(result->output)) : "";
  }
};

constexpr char kExpression[] = R"(
let
  make = name: script: derivation {
    inherit name; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" script ]; PATH = "/usr/bin:/bin";
  };
  library = make "library-1.0" "mkdir -p $out/lib; echo text > $out/lib/text; echo $out > $out/lib/self";
  unused = make "unused" "echo > $out";
  tool = make "tool-2.0" ''
    : ${unused}
    mkdir -p $out/bin; echo '#!/bin/sh' > $out/bin/tool; echo 'cat ${library}/lib/text' >> $out/bin/tool
    chmod +x $out/bin/tool; ln -s ${library}/lib $out/lib'';
  bare = make "only-the-hash" "basename ${tool} | head -c 32 > $out";
  hidden = make "in-a-binary" "(head -c 262130 /dev/zero; printf '\\1${bare}\\2'; head -c 4096 /dev/zero) > $out";
in make "profile" "mkdir -p $out; ln -s ${tool}/bin $out/bin; ln -s ${hidden} $out/hidden"
)";

TEST_F(NixClosureTest, AgreesWithNix) {
  Write("test.nix", kExpression);
  std::string root = Nix({"nix-build", "--no-out-link", Path("test.nix")});
  std::vector<std::string> expected = absl::StrSplit(Nix({"nix-store", "-qR", root}), '\n');
  for (std::string& path : expected) path = path.substr(Path("store/").size());
  std::sort(expected.begin(), expected.end());
  ASSERT_EQ(expected.size(), 5u) << "profile, tool, library, only-the-hash, in-a-binary";

  absl::StatusOr<Closure> closure =
      FindClosure({Path("store"), Path("store")}, {root.substr(Path("store/").size())});
  ASSERT_TRUE(closure.ok()) << closure.status();
  EXPECT_THAT(Names(*closure), ElementsAreArray(expected));
  EXPECT_THAT(closure->missing, IsEmpty());
}

}  // namespace
}  // namespace reloc
