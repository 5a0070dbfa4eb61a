// The terminal of `relocctl top`: the only place that uses ncurses.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/watch/top_view.h"

namespace reloc {

class TopScreen {
 public:
  // Returns FailedPrecondition if there is no terminal to draw on.
  static absl::StatusOr<std::unique_ptr<TopScreen>> Open();
  ~TopScreen();  // restores the terminal
  TopScreen(const TopScreen&) = delete;
  TopScreen& operator=(const TopScreen&) = delete;

  // `message`: shown in the last line; empty: the keys.
  void Draw(const TopView& view, const std::string& message);
  void DrawHelp();

  enum Key { kNone = 0, kUp = -1, kDown = -2, kPageUp = -3, kPageDown = -4, kHome = -5, kEnd = -6 };
  // Returns the next key: a character or one of the above. kNone: none came in time, or the terminal's size
  // changed.
  int ReadKey(int timeout_ms);
  // Reads a line that the user types after `prompt`. Returns false if Escape cancelled it.
  bool ReadLine(const std::string& prompt, std::string* line);
  // Returns how many lines of jobs fit.
  int rows() const;

 private:
  TopScreen() = default;
  void Put(int row, const std::string& text, bool reverse);

  void* screen_ = nullptr;  // SCREEN
  size_t first_ = 0;        // line at the top
};

}  // namespace reloc
