"""systemd's own check of the units, in an installation in any directory."""
import os
import shutil
import unittest

from support import packs, programs, session

UNITS = os.path.join(os.path.dirname(__file__), "../../systemd")


class Units(unittest.TestCase):
    def test_they_are_right_and_find_their_relocd(self):
        session.require(shutil.which("systemd-analyze"), "systemd-analyze", "not on this host", "install systemd")
        prefix = packs.new_path("pre fix")
        units = prefix + "/lib/systemd/user"
        os.makedirs(units)
        for name in ("relocd.service", "relocd.socket"):
            shutil.copy(os.path.join(UNITS, name), units)
        check = ["systemd-analyze", "verify", "--user", "--man=no", units + "/relocd.service", units + "/relocd.socket"]
        self.assertIn("bin/relocd is not executable", programs.run(check).err)
        os.mkdir(prefix + "/bin")
        shutil.copy(programs.RELOCD, prefix + "/bin/relocd")
        outcome = programs.run(check)
        self.assertEqual((outcome.status, outcome.err), (0, ""))


if __name__ == "__main__":
    session.main()
