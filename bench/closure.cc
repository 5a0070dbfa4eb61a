// Measures the closure scanner against only reading the same files.
//
//   build/release/bin/closure_bench [--benchmark_filter=…]
//
// The store is synthetic, warm in the page cache, and like real ones: many small text files, some large
// binary ones, 10 references in each item. Its size is RELOC_BENCH_STORE_MIB (default 1024).
#include "reloc/pack/closure.h"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/parallel.h"
#include "reloc/pack/contents.h"
#include "reloc/pack/references.h"

namespace reloc {
namespace {

constexpr size_t kItems = 64;

std::string ItemName(size_t i) {
  std::mt19937 random(static_cast<uint32_t>(i));
  std::string name;
  for (size_t c = 0; c < kHashLength; ++c) name += kBase32[random() % kBase32.size()];
  return absl::StrCat(name, "-item-", i);
}

// Returns bytes like those of programs: half random, half text.
std::string SomeBytes(size_t size, uint32_t seed) {
  static constexpr char kWords[] =
      "the store holds items, and items refer to others by /path/names of_symbols 0x12\n";
  std::mt19937 random(seed);
  std::string bytes;
  bytes.reserve(size + 8192);
  while (bytes.size() < size) {
    for (int i = 0; i < 1024; ++i) bytes += static_cast<char>(random());
    for (int i = 0; i < 16; ++i) bytes += std::string_view(kWords).substr(random() % 40);
  }
  bytes.resize(size);
  return bytes;
}

// A store in a temporary directory, which is removed at exit.
class Store {
 public:
  Store() {
    std::string path = std::filesystem::temp_directory_path() / "closure_bench.XXXXXX";
    if (mkdtemp(path.data()) == nullptr) Fail("cannot create a temporary directory");
    directory_ = path;
    const char* mib = getenv("RELOC_BENCH_STORE_MIB");
    size_t per_item = (mib != nullptr ? strtoul(mib, nullptr, 10) : 1024) * (1 << 20) / kItems;
    for (size_t i = 0; i < kItems; ++i) FillItem(i, per_item);
  }
  ~Store() { RemoveTree(directory_).IgnoreError(); }

  StoreLocation location() const { return {"/gnu/store", directory_}; }
  const std::vector<std::string>& files() const { return files_; }
  uint64_t bytes() const { return bytes_; }

  [[noreturn]] static void Fail(const char* why) {
    fprintf(stderr, "closure_bench: %s\n", why);
    exit(1);
  }

 private:
  // Puts a quarter into files of 8 KiB, the rest into one.
  void FillItem(size_t i, size_t size) {
    std::string item = absl::StrCat(directory_, "/", ItemName(i));
    std::filesystem::create_directories(item);
    std::string bytes = SomeBytes(size - size / 4, static_cast<uint32_t>(i));
    for (size_t r = 1; r <= 10; ++r) {
      bytes.replace(bytes.size() / 11 * r, 80,
                    absl::StrCat("/gnu/store/", ItemName((i + r) % kItems), "/lib"));
    }
    AddFile(absl::StrCat(item, "/large"), bytes);
    for (size_t n = 0; n < size / 4 / 8192; ++n) {
      AddFile(absl::StrCat(item, "/small-", n), std::string_view(bytes).substr(n * 4096, 8192));
    }
  }
  void AddFile(const std::string& path, std::string_view bytes) {
    std::ofstream file(path, std::ios::binary);
    file << bytes;
    if (!file.flush()) Fail("cannot fill the store");
    files_.push_back(path);
    bytes_ += bytes.size();
  }

  std::string directory_;
  std::vector<std::string> files_;
  uint64_t bytes_ = 0;
};

// Made at first use, removed at exit.
const Store& TheStore() {
  static const Store store;
  return store;
}

void SetSpeed(benchmark::State& state, uint64_t bytes_per_iteration) {
  state.SetBytesProcessed(static_cast<int64_t>(bytes_per_iteration) * state.iterations());
}

void BM_ReadFiles(benchmark::State& state) {
  const Store& store = TheStore();
  for (auto _ : state) {
    absl::Status status = ParallelFor(store.files().size(), [&](size_t i) -> absl::Status {
      thread_local std::vector<char> buffer(256 << 10);
      Result<UniqueFd> fd = Open(store.files()[i].c_str(), O_RDONLY);
      for (size_t got = buffer.size(); fd.ok() && got == buffer.size();) got = *ReadAll(fd->get(), buffer);
      return absl::OkStatus();
    });
    if (!status.ok()) state.SkipWithError("reading failed");
  }
  SetSpeed(state, store.bytes());
}
BENCHMARK(BM_ReadFiles)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_FindClosure(benchmark::State& state) {
  const Store& store = TheStore();
  for (auto _ : state) {
    absl::StatusOr<Closure> closure = FindClosure(store.location(), {ItemName(0)});
    if (!closure.ok() || closure->items.size() != kItems) state.SkipWithError("wrong closure");
  }
  SetSpeed(state, store.bytes());
}
BENCHMARK(BM_FindClosure)->Unit(benchmark::kMillisecond)->UseRealTime();

// Measures only the search, in one thread, in memory: random and text, and the worst case of all zeros ('0'
// is in the alphabet).
void Find(benchmark::State& state, const std::string& bytes) {
  std::vector<std::string> items;
  for (size_t i = 0; i < 10'000; ++i) items.push_back(ItemName(i));
  ReferenceFinder finder("/gnu/store", items);
  for (auto _ : state) {
    References found;
    finder.Find(bytes, &found);
    benchmark::DoNotOptimize(found);
  }
  SetSpeed(state, bytes.size());
}
void BM_FindInMixedBytes(benchmark::State& state) { Find(state, SomeBytes(64 << 20, 1)); }
void BM_FindInZeroBytes(benchmark::State& state) { Find(state, std::string(64 << 20, '\0')); }
void BM_FindInDigits(benchmark::State& state) { Find(state, std::string(4 << 20, '0')); }
BENCHMARK(BM_FindInMixedBytes)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_FindInZeroBytes)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_FindInDigits)->Unit(benchmark::kMillisecond);

// Measures the step after the scan when a pack is made.
void BM_HashItems(benchmark::State& state) {
  const Store& store = TheStore();
  absl::StatusOr<Closure> closure = FindClosure(store.location(), {ItemName(0)});
  for (auto _ : state) {
    if (!DescribeItems(store.location().directory, closure->items, {}).ok())
      state.SkipWithError("hashing failed");
  }
  SetSpeed(state, store.bytes());
}
BENCHMARK(BM_HashItems)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace reloc

BENCHMARK_MAIN();
