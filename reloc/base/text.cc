#include "reloc/base/text.h"

#include <string.h>

namespace reloc {

string_view SplitFirst(string_view text, char separator, string_view* rest) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != separator) continue;
    string_view whole = text;  // `rest` may alias `text`
    *rest = Suffix(whole, i + 1);
    return Prefix(whole, i);
  }
  *rest = string_view();
  return text;
}

bool ParseDecimal(string_view text, uint64_t* value) {
  if (text.empty()) return false;
  uint64_t sum = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    if (__builtin_mul_overflow(sum, uint64_t{10}, &sum)) return false;
    if (__builtin_add_overflow(sum, static_cast<uint64_t>(c - '0'), &sum)) return false;
  }
  *value = sum;
  return true;
}

TextBuffer& TextBuffer::operator<<(string_view text) {
  size_t room = capacity_ - 1 - size_;
  if (text.size() > room) {
    overflowed_ = true;
    return *this;
  }
  if (!text.empty()) memcpy(data_ + size_, text.data(), text.size());
  size_ += text.size();
  data_[size_] = '\0';
  return *this;
}

TextBuffer& TextBuffer::operator<<(uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return *this << string_view(digits + at, sizeof digits - at);
}

TextBuffer& TextBuffer::operator<<(int64_t number) {
  if (number >= 0) return *this << static_cast<uint64_t>(number);
  return *this << '-' << (~static_cast<uint64_t>(number) + 1);
}

void TextBuffer::Clear() {
  size_ = 0;
  overflowed_ = false;
  data_[0] = '\0';
}

void TextBuffer::Grow(size_t size) {
  size_ += size;
  data_[size_] = '\0';
}

void TextBuffer::Truncate(size_t size) {
  if (size > size_) return;
  size_ = size;
  data_[size_] = '\0';
}

}  // namespace reloc
