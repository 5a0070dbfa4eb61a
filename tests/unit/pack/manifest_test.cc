#include "reloc/pack/manifest.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>

#include <functional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "reloc/pack/manifest_check.h"
#include "reloc/pack/manifest_names.h"
#include "tests/unit/pack/fixture.h"

namespace reloc {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ManifestTest : public PackTest {
 protected:
  ManifestTest() {
    manifest_.set_format_major(1);
    manifest_.set_store_prefix("/gnu/store");
    pb::Entry* entry = manifest_.add_entries();
    entry->set_name("sed");
    entry->set_program(absl::StrCat("/gnu/store/", Item('a', "sed"), "/bin/sed"));
    entry->set_resolved(entry->program());
    pb::Item* item = contents_.add_items();
    item->set_name(Item('a', "sed"));
    AddFile(item, "", pb::File::DIRECTORY);
    AddFile(item, "bin", pb::File::DIRECTORY);
    AddFile(item, "bin/sed", pb::File::REGULAR)->set_sha256(std::string(32, 'x'));
    AddFile(item, "bin/gsed", pb::File::SYMLINK)->set_target("sed");
    AddFile(item, "lib", pb::File::SYMLINK)->set_target("../../../lib");
  }

  static pb::File* AddFile(pb::Item* item, const std::string& path, pb::File::Type type) {
    pb::File* file = item->add_files();
    file->set_path(path);
    file->set_type(type);
    return file;
  }

  void Save() {
    PackLists lists{.manifest = manifest_, .contents = contents_};
    ASSERT_TRUE(SealLists(&lists).ok());
    if (!manifest_.digest().empty()) {
      absl::StrReplaceAll(
          {{absl::Base64Escape(lists.manifest.digest()), absl::Base64Escape(manifest_.digest())}},
          &lists.manifest_json);
    }
    std::filesystem::create_directories(Path(".reloc"));
    ASSERT_TRUE(SaveLists(directory_, lists).ok());
  }
  // Returns the manifest `json` with the correct digest.
  static std::string Sealed(std::string json) {
    const PackDigest digest = *ManifestDigest(json);
    const std::string text(digest.begin(), digest.end());
    const size_t at = json.find("\"digest\":\"") + 10;
    return json.replace(at, absl::Base64Escape(text).size(), absl::Base64Escape(text));
  }
  // Returns what is wrong with the manifest or the contents after `spoil`; empty if nothing is.
  std::string ErrorAfter(const std::function<void()>& spoil) {
    std::filesystem::remove_all(Path(".reloc"));
    pb::Manifest manifest = manifest_;
    pb::Contents contents = contents_;
    spoil();
    Save();
    std::swap(manifest, manifest_);
    std::swap(contents, contents_);
    absl::StatusOr<pb::Manifest> loaded = LoadManifest(directory_);
    absl::Status status = loaded.ok() ? LoadContents(directory_, *loaded).status() : loaded.status();
    return Message(status);
  }
  pb::Item* item() { return contents_.mutable_items(0); }
  pb::File* file(int i) { return item()->mutable_files(i); }

  pb::Manifest manifest_;
  pb::Contents contents_;
};

TEST_F(ManifestTest, LoadsWhatWasSaved) {
  EXPECT_EQ(ErrorAfter([] {}), "");
  absl::StatusOr<pb::Manifest> manifest = LoadManifest(directory_);
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest->entries(0).name(), "sed");
  EXPECT_EQ(DigestOf(*manifest), *ManifestDigest(Read(".reloc/manifest.json")));
  EXPECT_EQ(LoadContents(directory_, *manifest)->items(0).files_size(), 5);
}

TEST_F(ManifestTest, RefusesPathsThatAreNotClean) {
  for (const char* path : {"..", "../x", "bin/../../x", "/etc/passwd", "bin//sed", "./bin", "bin/"}) {
    EXPECT_THAT(ErrorAfter([&] { file(3)->set_path(path); }),
                AllOf(HasSubstr(Path(".reloc/contents.json")), HasSubstr("not a clean relative path")))
        << path;
  }
  EXPECT_THAT(ErrorAfter([&] { file(3)->set_path("%2E%2E"); }), HasSubstr("escape that is not needed"));
  EXPECT_THAT(ErrorAfter([&] { file(3)->set_path("%2"); }), HasSubstr("two hexadecimal digits"));
  EXPECT_THAT(ErrorAfter([&] { item()->set_name(".."); }), HasSubstr("not the name of a store item"));
  EXPECT_THAT(ErrorAfter([&] { manifest_.set_store_prefix("/gnu/../store"); }), HasSubstr("store_prefix"));
  EXPECT_THAT(ErrorAfter([&] { manifest_.mutable_entries(0)->set_name("../sed"); }), HasSubstr("not a name"));
  EXPECT_THAT(ErrorAfter([&] { manifest_.mutable_entries(0)->set_resolved("/bin/sed"); }),
              AllOf(HasSubstr(Path(".reloc/manifest.json")), HasSubstr("entry sed")));
}

TEST_F(ManifestTest, RefusesSymlinksThatLeaveThePack) {
  // <pack>/gnu/store/<item>/lib: three levels down.
  EXPECT_EQ(ErrorAfter([&] { file(4)->set_target("../../../x"); }), "");
  EXPECT_THAT(ErrorAfter([&] { file(4)->set_target("../../../../x"); }),
              HasSubstr("symlink lib leaves the pack"));
  EXPECT_THAT(ErrorAfter([&] { file(3)->set_target("a/../../../../../../x"); }),
              HasSubstr("leaves the pack"));
  EXPECT_EQ(ErrorAfter([&] { file(4)->set_target("/etc/localtime"); }),
            "");  // the host's, under every engine
}

TEST_F(ManifestTest, RefusesWhatIsListedTwiceOrNowhere) {
  EXPECT_THAT(ErrorAfter([&] { *item()->add_files() = *file(2); }), HasSubstr("'bin/sed' is listed twice"));
  EXPECT_THAT(ErrorAfter([&] { *contents_.add_items() = *item(); }), HasSubstr("is listed twice"));
  EXPECT_THAT(ErrorAfter([&] { *manifest_.add_entries() = manifest_.entries(0); }),
              HasSubstr("entry sed is listed twice"));
  EXPECT_THAT(ErrorAfter([&] { file(3)->set_path("share/x"); }), HasSubstr("directory that holds share/x"));
  EXPECT_THAT(ErrorAfter([&] { item()->add_references(Item('b', "b")); }), HasSubstr("which is not listed"));
}

TEST_F(ManifestTest, RefusesImpossibleAttributes) {
  EXPECT_THAT(ErrorAfter([&] { file(2)->set_size(~0ull); }), HasSubstr("impossible size"));
  EXPECT_THAT(ErrorAfter([&] { file(2)->set_sha256("short"); }), HasSubstr("hash of the wrong size"));
  EXPECT_THAT(ErrorAfter([&] { file(1)->set_executable(true); }), HasSubstr("only a file can have"));
  EXPECT_THAT(ErrorAfter([&] { file(3)->clear_target(); }), HasSubstr("target"));
  EXPECT_THAT(ErrorAfter([&] { manifest_.set_digest("short"); }), HasSubstr("16 bytes"));
}

TEST_F(ManifestTest, RefusesAnotherDigest) {
  EXPECT_THAT(ErrorAfter([&] { manifest_.set_digest(std::string(16, 'x')); }),
              HasSubstr("its digest is another"));
}

// As in another user's copy of a pack: the manifest is the same byte by byte.
TEST_F(ManifestTest, RefusesContentsOfAnotherManifest) {
  Save();
  const absl::StatusOr<pb::Manifest> manifest = LoadManifest(directory_);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  for (auto change :
       std::vector<std::function<void(std::string*)>>{[](std::string* json) {
                                                        absl::StrReplaceAll({{"gsed", "hsed"}}, json);
                                                      },
                                                      [](std::string* json) { *json += ' '; }}) {
    std::string json = Read(".reloc/contents.json");
    change(&json);
    absl::Status status = ParseContents(json, "c.json", *manifest).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(Message(status), HasSubstr("c.json does not belong to manifest.json"));
  }
}

TEST_F(ManifestTest, ReadsPacksWithTheOlderDigest) {
  PackLists lists{.manifest = manifest_, .contents = contents_};
  const PackDigest digest = StoreDigest(manifest_, contents_);
  lists.manifest.set_digest(digest.data(), digest.size());
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  ASSERT_TRUE(MessageToJsonString(lists.manifest, &lists.manifest_json, options).ok());
  ASSERT_TRUE(MessageToJsonString(lists.contents, &lists.contents_json, options).ok());
  std::filesystem::create_directories(Path(".reloc"));
  ASSERT_TRUE(SaveLists(directory_, lists).ok());
  const absl::StatusOr<PackLists> loaded = LoadLists(directory_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_FALSE(CoversAll(loaded->manifest));
  const std::string other = absl::StrReplaceAll(lists.contents_json, {{"gsed", "hsed"}});
  EXPECT_TRUE(absl::IsDataLoss(ParseContents(other, "c.json", loaded->manifest).status()));
}

TEST_F(ManifestTest, RefusesANewerMajorVersion) {
  EXPECT_THAT(ErrorAfter([&] { manifest_.set_format_major(2); }),
              AllOf(HasSubstr("has format 2.1"), HasSubstr("newer relocctl")));
  EXPECT_THAT(ErrorAfter([&] { manifest_.clear_format_major(); }), HasSubstr("format_major is missing"));
}

TEST_F(ManifestTest, ToleratesUnknownFieldsOfNewerMinorVersionsOnly) {
  Save();
  std::string json = Read(".reloc/manifest.json");
  json = absl::StrReplaceAll(json, {{"{\"format_major\":1", "{\"format_major\":1,\"shiny\":[{}]"}});
  EXPECT_THAT(Message(ParseManifest(Sealed(json), "m.json").status()),
              AllOf(StartsWith("m.json: "), HasSubstr("shiny")));
  json = absl::StrReplaceAll(json, {{"\"format_minor\":1", "\"format_minor\":7"}});
  EXPECT_TRUE(absl::IsDataLoss(ParseManifest(json, "m.json").status()));
  EXPECT_TRUE(ParseManifest(Sealed(json), "m.json").ok());
}

TEST_F(ManifestTest, TheDigestCoversAllFieldsButItselfAndTheProvenance) {
  Save();
  const std::string json = absl::StrReplaceAll(Read(".reloc/manifest.json"), {{"_minor\":1", "_minor\":7"}});
  auto with = [&](const std::string& field) {
    return ParseManifest(
               absl::StrReplaceAll(Sealed(json), {{"{\"format_major\"", "{" + field + ",\"format_major\""}}),
               "m.json")
        .status();
  };
  EXPECT_TRUE(with("\"provenance\":{\"made\":\"2026-11-30\"}").ok());
  EXPECT_TRUE(absl::IsDataLoss(with("\"shiny\":1")));
  EXPECT_FALSE(with("\"digest\":\"\"").ok());
  EXPECT_FALSE(with("\"store_prefix\":\"/nix/store\"").ok());
  EXPECT_FALSE(with("\"storePrefix\":\"/nix/store\"").ok());
}

TEST(ManifestDigestTest, IsThatOfTheCanonicalText) {
  // python3: json.dumps({"a":[1,-2,True,None,{}],"ö\x01\"":"x/y"}, sort_keys=True, ensure_ascii=False,
  //                     separators=(",", ":")), the first half of its SHA-256
  constexpr PackDigest kExpected = {0xc0, 0xb8, 0x56, 0xb8, 0x36, 0xa4, 0x82, 0xa4,
                                    0x40, 0xe5, 0xd3, 0x54, 0xcc, 0xd1, 0xd5, 0x26};
  for (const char* json :
       {R"({"a":[1,-2,true,null,{}],"ö\u0001\"":"x/y"})",
        R"( {"\u00f6\u0001\u0022" : "x\/y", "digest": "abc", "a": [1.0, -2e0, true, null, {}],
                "provenance": {"a": 0.5}} )"}) {
    const absl::StatusOr<PackDigest> digest = ManifestDigest(json);
    ASSERT_TRUE(digest.ok()) << digest.status();
    EXPECT_EQ(*digest, kExpected) << json;
  }
  for (const char* json : {"", "[]", "{", R"({"a":0.5})", R"({"a":1e300})", R"({"a":1,"a":2})"}) {
    EXPECT_FALSE(ManifestDigest(json).ok()) << json;
  }
}

TEST_F(ManifestTest, SaysInOneLineWhatIsWrongWithTruncatedJson) {
  Save();
  std::string json = Read(".reloc/manifest.json");
  for (size_t size = 0; size + 2 < json.size(); ++size) {
    absl::Status status = ParseManifest(json.substr(0, size), "m.json").status();
    ASSERT_FALSE(status.ok()) << size;
    EXPECT_THAT(Message(status), AllOf(StartsWith("m.json: "), Not(HasSubstr("\n"))));
  }
}

TEST_F(ManifestTest, SaysInOneLineWhatIsWrongWithNamesOfSeveralLines) {
  EXPECT_THAT(ErrorAfter([&] { manifest_.mutable_entries(0)->set_program("/bin/a\nb\x1b[2J"); }),
              HasSubstr("'/bin/a\\x0ab\\x1b[2J' is not a path in the store"));
}

TEST_F(ManifestTest, SaysWhatIsNoPack) {
  EXPECT_THAT(Message(LoadManifest(Path("nowhere")).status()),
              HasSubstr("nowhere is not the directory of a pack"));
  Write("pack.tar", "");
  EXPECT_THAT(Message(LoadManifest(Path("pack.tar")).status()), HasSubstr("pack.tar is a file, "));
}

TEST(EscapeNameTest, KeepsEveryByte) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  for (const std::string& name :
       {all, std::string("größe"), std::string("100%"), std::string("\xed\xa0\x80"),
        std::string("\xf0\x9f\x98\x80"), std::string("\xc0\xaf"), std::string("\xe2\x82")}) {
    absl::StatusOr<std::string> back = UnescapeName(EscapeName(name));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, name);
  }
  EXPECT_EQ(EscapeName("größe"), "größe");
  EXPECT_EQ(EscapeName("100%\xff"), "100%25%FF");
}

TEST(IsEntryNameTest, TakesOneComponent) {
  for (const char* good : {"sed", "[", "g++", "größe"}) EXPECT_TRUE(IsEntryName(good)) << good;
  for (const char* bad : {"", ".", "..", "a/b", "a\nb", "a%b", "\xff"}) EXPECT_FALSE(IsEntryName(bad)) << bad;
  EXPECT_FALSE(IsEntryName(std::string(256, 'x')));
}

}  // namespace
}  // namespace reloc
