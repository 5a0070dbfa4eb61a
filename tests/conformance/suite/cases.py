"""Makes test cases of the scenarios of a file: one class for each way of a launch, one test for each scenario."""
import difflib
import pprint
import sys

from suite import differences, scenarios, sides
from support import daemon, images, session, ways


def shown(seen):
    """Returns a result in lines that are not too long."""
    lines = pprint.pformat(seen, width=110).replace("\\n", "\n").splitlines()
    return [line if len(line) < 300 else f"{line[:300]}... ({len(line)} characters)" for line in lines]


def unlike(name, seen, expected):
    lines = list(difflib.unified_diff(shown(expected), shown(seen), "expected", name, lineterm="", n=1))
    return "\n".join(lines[:60] + ["..."] * (len(lines) > 60))


def complaint(each, way, native, packed):
    """Returns why a result is wrong, or None."""
    renamed = way[0] == "image"  # natively too: see sides.NativeForImage
    if each.natively is not scenarios.ANYTHING and native != each.natively and not renamed:
        return unlike("natively", native, each.natively)
    difference = differences.find(each.name, *way)
    if difference is None:
        return None if packed == native else unlike("in a pack", packed, native)
    instead = difference.instead and difference.instead(native)
    if instead is not None and packed != instead:
        return "documented otherwise\n" + unlike("in a pack", packed, instead)
    if packed == native and instead != native:
        return "is equal and documented as different: take it out of differences.py"
    return None


class ScenarioTest(ways.LaunchTest):
    def compare(self, each):
        difference = differences.find(each.name, *ways.WAYS[self.way])
        if difference is not None and difference.instead is differences.UNSTEADY:
            self.skipTest("documented, and not the same each time")
        before = set(session.children())
        native, packed = (each.run(side(self)) for side in sides.of(ways.WAYS[self.way]))
        self.assertNothingLeft(before)
        wrong = complaint(each, ways.WAYS[self.way], native, packed)
        if wrong:
            self.fail(f"{each.title}\n{wrong}")

    def assertNothingLeft(self, before):
        """Processes that the program started, and those that an engine uses, end by themselves soon after it."""
        def left():
            return set(session.children()) - before - self.kept_by_the_daemon()
        if not daemon.wait_until(lambda: not left()):
            self.fail(f"left running: {left()}")

    def kept_by_the_daemon(self):
        """Returns the server of the root's image: a new one if the daemon made the root again, because the host's
        mounts changed."""
        return set(images.servers(self.image) if ways.WAYS[self.way] == ("image", True) else ())


def main():
    """Runs the tests; the last call in a file of scenarios."""
    module = sys.modules["__main__"]
    tests = {f"test_{each.name}": (lambda self, each=each: self.compare(each))
             for each in scenarios.of_module("__main__")}
    for way in ways.WAYS:
        body = {"way": way, "PROGRAMS": module.PROGRAMS, "ADD": getattr(module, "ADD", ()), "__module__": "__main__"}
        setattr(module, way, type(way, (ScenarioTest,), {**body, **tests}))
    session.main()
