"""Programs of packs start programs of packs: the same one's, another one's, and host programs in between."""
import os
import shutil

from support import packs, programs, session, ways


@ways.every_way
class Nested(ways.LaunchTest):
    PROGRAMS = ["bash", "sed", "probe"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = packs.from_host("sed", "cat", "bash")
        cls.twin = packs.new_path("twin")
        shutil.copytree(cls.pack, cls.twin, symlinks=True)

    def in_bash(self, script, *arguments, **options):
        return self.packed("bash", "-c", script, "bash", *arguments, **options)

    def test_its_own_entries(self):
        self.assertEqual(self.in_bash('echo a | "$1" s/a/b/', self.entry("sed")), (0, "b\n", ""))

    def test_another_packs_entries(self):
        self.assertEqual(self.in_bash('echo a | "$1/bin/sed" s/a/b/ | "$1/bin/cat"', self.other), (0, "b\n", ""))

    def test_the_same_program_of_another_pack_is_the_other_packs(self):
        """Seen in other software: inside pack A, pack B's entry silently ran A's copy."""
        show = 'stat -L -c %i /proc/$$/exe'
        inner = os.path.join(self.twin, "bin", "bash")
        outcome = self.in_bash(f'{show}; "$1" -c "$2"', inner, show)
        self.assertEqual((outcome.status, outcome.err), (0, ""))
        outer_inode, inner_inode = outcome.out.split()
        self.assertNotEqual(outer_inode, inner_inode)

    def test_five_levels_of_two_packs_by_turns(self):
        self.known_limit("ByProot", "Debian's proot runs in another one, but not in two")
        script = os.path.join(session.make_dir("scripts"), "level")
        with open(script, "w") as file:
            file.write('[ "$1" = 0 ] && { echo "bottom $PWD"; exit 7; }\n"$3" "$0" $(($1 - 1)) "$3" "$2"\n')
        ours, others = (os.path.join(pack, "bin", "bash") for pack in (self.pack, self.other))
        outcome = self.packed("bash", script, "5", ours, others, cwd="/usr")
        self.assertEqual(outcome, (7, "bottom /usr\n", ""))

    def test_through_a_host_program(self):
        outcome = self.in_bash('/usr/bin/env sh -c "echo a | $1 s/a/b/"', os.path.join(self.other, "bin", "sed"))
        self.assertEqual(outcome, (0, "b\n", ""))

    def test_relocctl_run_inside_a_job(self):
        outcome = self.in_bash('echo a | "$1" run "$2" s/a/b/', programs.RELOCCTL,
                               os.path.join(self.other, "bin", "sed"))
        self.assertEqual(outcome, (0, "b\n", ""))

    def test_the_ids_stay_the_callers(self):
        self.known_limit("ByProot", "Debian's proot runs in another one, but not in two")
        script = '"$1" ids; "$2" -c "$1 ids"'
        outcome = self.in_bash(script, self.entry("probe"), os.path.join(self.other, "bin", "bash"))
        self.assertEqual(outcome.out, self.native("probe", "ids").out * 2)


if __name__ == "__main__":
    session.main()
