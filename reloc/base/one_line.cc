#include "reloc/base/one_line.h"

#include <stdint.h>

namespace reloc {
namespace {

struct Range {
  uint32_t first, last;
};
constexpr Range kNotShown[] = {
    {0x00, 0x1f},       // C0
    {0x7f, 0x9f},       // DEL and C1
    {0x61c, 0x61c},     // Arabic letter mark
    {0x200b, 0x200f},   // zero width, marks of direction
    {0x2028, 0x202e},   // separators of lines and paragraphs, embedding and override of direction
    {0x2060, 0x206f},   // word joiner, invisible operators, isolation of direction
    {0xfeff, 0xfeff},   // byte order mark
    {0xfff9, 0xfffb},   // interlinear annotation
    {0xe0000, 0xe007f}  // tags
};

bool IsShown(uint32_t code, LineStyle style) {
  if (style != LineStyle::kOneLine && (code == '\n' || code == '\t')) return true;
  for (const Range& range : kNotShown) {
    if (code >= range.first && code <= range.last) return false;
  }
  return true;
}

uint8_t ByteAt(string_view text, size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; }

// Decodes the UTF-8 sequence of `length` bytes.
uint32_t CodeAt(string_view text, size_t length) {
  if (length == 1) return ByteAt(text, 0);
  uint32_t code = ByteAt(text, 0) & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) code = code << 6 | (ByteAt(text, i) & 0x3fU);
  return code;
}

void AppendHex(char kind, uint32_t number, int digits, TextBuffer* text) {
  *text << '\\' << kind;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    *text << "0123456789abcdef"[number >> shift & 0xf];
}

void AppendEscape(uint32_t code, LineStyle style, TextBuffer* text) {
  if (code < 0x80 && style != LineStyle::kJson) return AppendHex('x', code, 2, text);
  if (code < 0x10000) return AppendHex('u', code, 4, text);
  if (style != LineStyle::kJson) return AppendHex('U', code, 8, text);
  AppendHex('u', 0xd800 + ((code - 0x10000) >> 10), 4, text);
  AppendHex('u', 0xdc00 + ((code - 0x10000) & 0x3ff), 4, text);
}

void AppendByte(uint8_t byte, LineStyle style, TextBuffer* text) {
  if (style == LineStyle::kJson) return AppendHex('u', 0xfffd, 4, text);
  AppendHex('x', byte, 2, text);
}

}  // namespace

size_t Utf8Length(string_view text) {
  const uint8_t first = ByteAt(text, 0), second = ByteAt(text, 1);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((ByteAt(text, i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

string_view TakeShown(string_view* rest, LineStyle style, char (&memory)[kMaxEscape]) {
  const string_view all = *rest;
  size_t shown = 0;
  size_t length = 0;
  while (shown < all.size()) {
    const string_view at = Suffix(all, shown);
    length = Utf8Length(at);
    if (length == 0 || !IsShown(CodeAt(at, length), style)) break;
    shown += length;
  }
  *rest = Suffix(all, shown > 0 ? shown : length == 0 ? 1 : length);
  if (shown > 0) return Prefix(all, shown);
  TextBuffer escape(memory, kMaxEscape);
  if (length == 0) {
    AppendByte(ByteAt(all, 0), style, &escape);
  } else {
    AppendEscape(CodeAt(all, length), style, &escape);
  }
  return escape.view();
}

void AppendOneLine(string_view text, TextBuffer* line) {
  char memory[kMaxEscape];
  while (!text.empty()) {
    string_view piece = TakeShown(&text, LineStyle::kOneLine, memory);
    const size_t room = line->room().size();
    if (piece.size() <= room) {
      *line << piece;
      continue;
    }
    if (piece.data() != memory) *line << Prefix(piece, room);
    return;
  }
}

}  // namespace reloc
