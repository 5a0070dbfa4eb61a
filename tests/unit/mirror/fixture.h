// A pack and a cache, for tests of mirrors.
#pragma once

#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "reloc/mirror/mirror_maker.h"
#include "reloc/pack/builder.h"
#include "reloc/pack/manifest.h"
#include "tests/unit/pack/fixture.h"

namespace reloc {

class MirrorTest : public PackTest {
 protected:
  static constexpr uint64_t kLimit = 1 << 30;

  // Makes a pack of the store's items that `names` need.
  void MakePack(const std::string& pack, const std::vector<std::string>& names) {
    StoreSource source{.store = Store(), .paths = {}, .entries = {}};
    for (const std::string& name : names) source.paths.push_back(absl::StrCat("/gnu/store/", name));
    absl::StatusOr<PackSummary> made = CreatePackFromStore(source, Path(pack), Tools());
    ASSERT_TRUE(made.ok()) << made.status();
  }
  // pack: hello and data. other: data and a program of its own.
  void MakePacks() {
    FillStore();
    Write(Other() + "/bin/other", absl::StrCat("#!/bin/sh\ncat /gnu/store/", Item('d', "data"), "/text\n"),
          0755);
    Link(Other() + "/bin/link", "other");
    MakePack("pack", {Item('h', "hello")});
    MakePack("other", {Item('r', "other")});
  }
  // Makes the lists of `pack` those of format 1.0.
  void MakeOlder(const std::string& pack) {
    PackLists lists = *LoadLists(Path(pack));
    lists.manifest.clear_format_minor();
    lists.manifest.clear_contents_sha256();
    for (pb::File& file : *lists.contents.mutable_own_files()) file.clear_holds_digest();
    const PackDigest digest = StoreDigest(lists.manifest, lists.contents);
    lists.manifest.set_digest(digest.data(), digest.size());
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    lists.manifest_json = lists.contents_json = "";
    ASSERT_TRUE(MessageToJsonString(lists.manifest, &lists.manifest_json, options).ok());
    ASSERT_TRUE(MessageToJsonString(lists.contents, &lists.contents_json, options).ok());
    Write(pack + "/.reloc/manifest.json", lists.manifest_json);
    Write(pack + "/.reloc/contents.json", lists.contents_json);
  }
  static std::string Other() { return absl::StrCat("store/", Item('r', "other")); }

  MirrorCache Cache(uint64_t limit = kLimit) const {
    absl::StatusOr<MirrorCache> cache = MirrorCache::Open(Path("cache"), limit);
    EXPECT_TRUE(cache.ok()) << cache.status();
    return *std::move(cache);
  }
  absl::StatusOr<Mirror> Make(const std::string& pack, const MayEvict& may_evict = {}) const {
    return MakeMirror(Cache(),
                      {.pack = Path(pack), .filter = nullptr, .may_evict = may_evict, .progress = {}});
  }
  // The host path of what lies at `path` in the mirror's store.
  static std::string InStore(const Mirror& mirror, const std::string& path) {
    return absl::StrCat(mirror.path, mirror.store_prefix, "/", path);
  }
  static struct stat Stat(const std::string& path) {
    struct stat st = {};
    EXPECT_EQ(lstat(path.c_str(), &st), 0) << path;
    return st;
  }
  static std::string ReadAt(const std::string& path) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    return content.str();
  }
  void ExpectNothingLeft() const {
    EXPECT_TRUE(List("cache/tmp").empty());
    EXPECT_TRUE(List("cache/mirrors").empty());
  }
};

}  // namespace reloc
