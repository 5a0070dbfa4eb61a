"""root with another user's $HOME (su, sudo -E): its files are neither read nor written, and nothing waits for
them."""
import os
import sqlite3
import unittest

from support import packs, programs, session

USER = session.ORDINARY_USER
SECRET = "only root's"


def own(path):
    os.chown(path, USER, USER, follow_symlinks=False)
    return path


class ForeignHome(unittest.TestCase):
    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.home = packs.new_path("home")
        for name in ("", "/.local", "/.local/state", "/.config", "/.cache"):
            os.mkdir(self.home + name)
            own(self.home + name)
        self.canary = packs.new_path("canary")
        with open(self.canary, "w") as file:
            file.write(SECRET)
        self.place = packs.new_path("daemon")
        self.env = programs.environment(HOME=self.home, RELOCD_DIR=self.place)
        self.addCleanup(lambda: programs.relocctl("daemon", "stop", env=self.env))
        self.addCleanup(self.check_canary)

    def check_canary(self):
        with open(self.canary) as file:
            self.assertEqual(file.read(), SECRET)

    def make_state(self):
        state = self.home + "/.local/state/relocd"
        os.mkdir(state)
        return own(state)

    def make_config(self, text):
        os.mkdir(self.home + "/.config/relocd")
        path = self.home + "/.config/relocd/relocd.conf"
        with open(path, "w") as file:
            file.write(text)
        own(self.home + "/.config/relocd")
        return own(path)

    def relocctl(self, *arguments):
        return programs.relocctl(*arguments, env=self.env, timeout=20)

    def assertRefused(self, outcome, *words, status=1):
        self.assertEqual((outcome.status, outcome.out), (status, ""), outcome)
        self.assertRegex(outcome.err, r"\Areloc(ctl|d): [^\n]+\n\Z")
        for word in (self.home, f"belongs to uid {USER}", "HOME", *words):
            self.assertIn(word, outcome.err)

    def files(self):
        return sorted(os.path.join(directory, name) for directory, _, names in os.walk(self.home) for name in names)

    def test_history_is_not_parsed(self):
        database = sqlite3.connect(self.make_state() + "/history.db")
        database.executescript("CREATE TABLE jobs (seq, id, started_at, ended_at, record); PRAGMA user_version = 1")
        database.close()
        os.chmod(self.home + "/.local/state/relocd/history.db", 0o666)
        self.assertRefused(self.relocctl("history"), "state directory")
        self.assertRefused(self.relocctl("logs", "abcdefghijkl"), "state directory")

    def test_fifo_holds_up_nobody(self):
        state = self.make_state()
        for name in ("history.db", "relocd.log", "output"):
            os.mkfifo(f"{state}/{name}")
        self.assertRefused(self.relocctl("history"))
        self.assertRefused(self.relocctl("daemon", "start"))

    def test_log_leads_nowhere(self):
        os.symlink(self.canary, self.make_state() + "/relocd.log")
        self.assertRefused(self.relocctl("daemon", "start"), "state directory")
        self.assertEqual(self.relocctl("ps").status, 1)

    def test_nothing_is_made_in_a_home_without_state(self):
        before = self.files()
        self.assertRefused(self.relocctl("daemon", "start"))
        self.assertRefused(programs.run([programs.RELOCD], env=self.env, timeout=20))
        self.assertEqual(os.listdir(self.home + "/.local/state"), [])
        self.assertEqual(self.files(), before)

    def test_link_of_the_user_to_a_directory_of_root(self):
        target = session.make_dir("roots-own", 0o700)
        own_link = self.home + "/.local/state/relocd"
        os.symlink(target, own_link)
        own(own_link)
        self.assertRefused(self.relocctl("daemon", "start"))
        self.assertEqual(os.listdir(target), [])

    def test_configuration_is_not_believed(self):
        self.make_config(f"log-file = {self.canary}\n")
        self.env["XDG_STATE_HOME"] = session.make_dir("roots-state", 0o700)
        self.assertRefused(programs.run([programs.RELOCD, "--print-config"], env=self.env), "configuration", status=2)
        self.assertRefused(self.relocctl("daemon", "start"), "configuration")

    def test_cache_is_not_used(self):
        """If root has its own state there is a daemon, but root would execute mirrors of that user."""
        self.env["XDG_STATE_HOME"] = session.make_dir("roots-state", 0o700)
        programs.must(self.relocctl("daemon", "start"))
        outcome = self.relocctl("mirrors", "add", "--wait", packs.from_host("true"))
        self.assertNotEqual(outcome.status, 0, outcome)
        self.assertIn(f"belongs to uid {USER}", outcome.err)
        self.assertEqual(os.listdir(self.home + "/.cache"), [])

    def test_what_needs_no_state_works(self):
        self.make_state()
        pack = packs.from_host("true")
        self.assertEqual(programs.run([pack + "/bin/true"], env=self.env).status, 0)
        outcome = self.relocctl("ps")
        self.assertEqual(outcome.status, 1)
        self.assertIn("no daemon runs", outcome.err)
        self.assertEqual(self.relocctl("run", pack + "/bin/true").status, 0)
        self.assertEqual(self.relocctl("pack", "verify", pack).status, 0)

    def test_the_user_is_not_disturbed(self):
        """The same directories work for their owner."""
        self.make_state()
        self.make_config("max-roots = 7\n")
        env = {**self.env, "RELOCD_DIR": self.home + "/daemon"}
        printed = programs.run([programs.RELOCD, "--print-config"], env=env, user=USER, group=USER, extra_groups=[])
        self.assertIn('max-roots = "7"', programs.must(printed).out)
        outcome = programs.relocctl("history", env=env, user=USER, group=USER, extra_groups=[])
        self.assertEqual(programs.must(outcome).err, "")


class OwnState(unittest.TestCase):
    """A user's own state directory, with something unexpected in place of a file: nothing waits for it or is led
    away."""

    def setUp(self):
        self.state = session.make_dir("state-" + self.id().rsplit(".", 1)[1], 0o700)
        os.mkdir(self.state + "/relocd", 0o700)
        self.env = programs.environment(XDG_STATE_HOME=self.state)

    def history(self):
        return programs.relocctl("history", env=self.env, timeout=20)

    def test_history_that_is_no_file(self):
        path = self.state + "/relocd/history.db"
        for name, make in {"FIFO": lambda: os.mkfifo(path), "link": lambda: os.symlink("/etc/passwd", path),
                           "directory": lambda: os.mkdir(path),
                           "another user's": lambda: (open(path, "w").close(), own(path))}.items():
            with self.subTest(history=name):
                make()
                outcome = self.history()
                self.assertEqual((outcome.status, outcome.out), (1, ""), outcome)
                self.assertIn(path, outcome.err)
                os.rmdir(path) if os.path.isdir(path) else os.unlink(path)

    def test_journal_of_the_history_that_is_no_file(self):
        sqlite3.connect(self.state + "/relocd/history.db").close()
        open(self.state + "/relocd/history.db", "a").close()
        os.mkfifo(self.state + "/relocd/history.db-journal")
        outcome = self.history()
        self.assertEqual(outcome.status, 1, outcome)
        self.assertIn("history.db-journal", outcome.err)


if __name__ == "__main__":
    session.main(needs_root=True)
