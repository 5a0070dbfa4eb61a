// Builds text in fixed memory: the freestanding layers never allocate.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <span>
#include <string_view>

namespace reloc {

using std::string_view;

// std::string_view::substr throws, which the freestanding layers cannot; these clamp instead.
constexpr string_view Prefix(string_view text, size_t count) {
  return string_view(text.data(), count < text.size() ? count : text.size());
}
constexpr string_view Suffix(string_view text, size_t from) {
  return from <= text.size() ? string_view(text.data() + from, text.size() - from) : string_view();
}
constexpr bool StartsWith(string_view text, string_view prefix) {
  return text.size() >= prefix.size() && Prefix(text, prefix.size()) == prefix;
}

// Returns the text before the first `separator`; `*rest` becomes the text after it (empty if there is none).
string_view SplitFirst(string_view text, char separator, string_view* rest);

// Parses an unsigned decimal number. Returns false if `text` is empty, not a number or too large.
bool ParseDecimal(string_view text, uint64_t* value);

// A growing text, always NUL-terminated, in memory that the caller owns. Whatever does not fit is dropped and
// sets overflowed(): check it once, at the end.
class TextBuffer {
 public:
  TextBuffer(char* memory, size_t capacity) : data_(memory), capacity_(capacity) { Clear(); }
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;

  TextBuffer& operator<<(string_view text);
  TextBuffer& operator<<(const char* text) { return *this << string_view(text); }
  TextBuffer& operator<<(char c) { return *this << string_view(&c, 1); }
  TextBuffer& operator<<(uint64_t number);
  TextBuffer& operator<<(int64_t number);
  TextBuffer& operator<<(unsigned number) { return *this << static_cast<uint64_t>(number); }
  TextBuffer& operator<<(int number) { return *this << static_cast<int64_t>(number); }

  // Returns the memory after the text, to write into directly. Grow() then adds that much of it to the text.
  std::span<char> room() { return {data_ + size_, capacity_ - 1 - size_}; }
  void Grow(size_t size);

  void Clear();
  void Truncate(size_t size);
  const char* c_str() const { return data_; }
  string_view view() const { return string_view(data_, size_); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool overflowed() const { return overflowed_; }

 private:
  char* data_;
  size_t capacity_;
  size_t size_ = 0;
  bool overflowed_ = false;
};

template <size_t N>
class FixedText : public TextBuffer {
 public:
  FixedText() : TextBuffer(memory_, N) {}

 private:
  char memory_[N];
};

// PATH_MAX counts the terminating NUL (limits.h).
using PathText = FixedText<4096>;

}  // namespace reloc
