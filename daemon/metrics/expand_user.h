// Placeholders for the user, so that one configuration of the site serves all.
#pragma once

#include <string>

namespace reloc {

// `text` with the user's name for %u, the uid for %U and a percent sign for %%, as systemd.unit(5) and
// sshd_config(5) have them.
std::string ExpandUser(const std::string& text);

}  // namespace reloc
