// Text that others may have written, made fit to be shown: names of files and programs, arguments, what a
// manifest or a daemon says.
//
// All that relocd and relocctl print or log goes through here, once at least. It stays one line, and what
// could change a terminal or the look of the text around it is shown as \x1b or \u202e: control characters,
// what is not UTF-8, characters without a width, and those that turn the direction of text. All else stays as
// it is, also the backslash, so that text may go through here again.
#pragma once

#include <stddef.h>

#include "reloc/base/text.h"

namespace reloc {

enum class LineStyle {
  kOneLine,
  kManyLines,  // newlines and tabs stay
  kJson,       // the same for JSON text, whose strings get JSON's escapes; what is not UTF-8 becomes U+FFFD
};

inline constexpr size_t kMaxEscape = 16;  // bytes of one character that is escaped

// Takes the first part of `*rest`, which is not empty: as much as can be shown as it is, or one character,
// whose escape is then in `memory`.
string_view TakeShown(string_view* rest, LineStyle style, char (&memory)[kMaxEscape]);

// Appends as much of `text` as there is room for.
void AppendOneLine(string_view text, TextBuffer* line);

// The length of the UTF-8 sequence at the start of `text`; 0 if it is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
size_t Utf8Length(string_view text);

}  // namespace reloc
