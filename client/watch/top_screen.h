// The terminal of `relocctl top`: ncurses, and nothing of it outside of here.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/watch/top_view.h"

namespace reloc {

class TopScreen {
 public:
  // FailedPrecondition where there is no terminal that could be drawn on.
  static absl::StatusOr<std::unique_ptr<TopScreen>> Open();
  ~TopScreen();  // the terminal is as it was before
  TopScreen(const TopScreen&) = delete;
  TopScreen& operator=(const TopScreen&) = delete;

  // `message`: shown in the last line; empty: the keys.
  void Draw(const TopView& view, const std::string& message);
  void DrawHelp();

  enum Key { kNone = 0, kUp = -1, kDown = -2, kPageUp = -3, kPageDown = -4, kHome = -5, kEnd = -6 };
  // The next key: a character or one of the above. kNone: none came in time, or the terminal has another
  // size.
  int ReadKey(int timeout_ms);
  // A line that the user types after `prompt`. False: given up with Escape.
  bool ReadLine(const std::string& prompt, std::string* line);
  // How many lines of jobs there is room for.
  int rows() const;

 private:
  TopScreen() = default;
  void Put(int row, const std::string& text, bool reverse);

  void* screen_ = nullptr;  // SCREEN
  size_t first_ = 0;        // line at the top
};

}  // namespace reloc
