// Makes text from others fit to be shown: names of files and programs, arguments, texts of a manifest or of a
// daemon.
//
// Everything that relocd and relocctl print or log is passed through here at least once. It stays one line.
// Whatever could change a terminal or the look of the surrounding text is escaped as \x1b or \u202e: control
// characters, invalid UTF-8, characters without a width, and those that change the direction of text. The
// rest is unchanged, including the backslash, so that passing text through here twice does no harm.
#pragma once

#include <stddef.h>

#include "reloc/base/text.h"

namespace reloc {

enum class LineStyle {
  kOneLine,
  kManyLines,  // newlines and tabs stay
  kJson,       // the same for JSON text, whose strings get JSON's escapes; invalid UTF-8 becomes U+FFFD
};

inline constexpr size_t kMaxEscape = 16;  // bytes of one character that is escaped

// Removes the first part of `*rest`, which must not be empty, and returns it: as much as can be shown
// unchanged, or one character, whose escape is then in `memory`.
string_view TakeShown(string_view* rest, LineStyle style, char (&memory)[kMaxEscape]);

// Appends as much of `text` as there is room for.
void AppendOneLine(string_view text, TextBuffer* line);

// Returns the length of the UTF-8 sequence at the start of `text`; 0 if it is invalid (RFC 3629: no overlong
// forms, no surrogates, nothing above U+10FFFF).
size_t Utf8Length(string_view text);

}  // namespace reloc
