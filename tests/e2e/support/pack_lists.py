"""Changes a pack's description of itself in a test: manifest.json, contents.json, and the digest in its plans."""
import base64
import hashlib
import json
import os
import stat
import struct


class PackLists:
    """The lists of the pack (a copy for the test) in the directory `pack`."""

    def __init__(self, pack):
        self.pack = pack
        with open(pack + "/.reloc/manifest.json") as file:
            self.manifest = json.load(file)
        with open(pack + "/.reloc/contents.json") as file:
            self.contents = json.load(file)

    @property
    def digest(self):
        return base64.b64decode(self.manifest["digest"])

    def own_file(self, path):
        return next(file for file in self.contents["own_files"] if file["path"] == path)

    def describe(self, path, listed=None):
        """Lists the file `path` as it is now: as `listed`, otherwise among the own files."""
        with open(f"{self.pack}/{path}", "rb") as file:
            content = file.read()
        (listed or self.own_file(path)).update(size=str(len(content)),
                                   sha256=base64.b64encode(hashlib.sha256(content).digest()).decode())

    def save_contents(self):
        replace(self.pack + "/.reloc/contents.json", json.dumps(self.contents).encode())

    def save_manifest(self):
        replace(self.pack + "/.reloc/manifest.json", json.dumps(self.manifest).encode())

    def seal(self):
        """Saves both, with the correct digest, also in the plans."""
        self.save_contents()
        with open(self.pack + "/.reloc/contents.json", "rb") as file:
            self.manifest["contents_sha256"] = base64.b64encode(hashlib.sha256(file.read()).digest()).decode()
        self._take(manifest_digest(self.manifest))

    def make_older(self):
        """Makes it a pack of format 1.0: with a digest of the store and of the entries' names."""
        del self.manifest["format_minor"], self.manifest["contents_sha256"]
        digest = store_digest(self.manifest, self.contents)
        holders = [file for file in self.contents["own_files"] if file.pop("holds_digest", False)]
        self._stamp([file["path"] for file in holders], digest)
        for file in holders:
            self.describe(file["path"])
        self.save_contents()
        self._take(digest)

    def _take(self, digest):
        self._stamp([file["path"] for file in self.contents["own_files"] if file.get("holds_digest")], digest)
        self.manifest["digest"] = base64.b64encode(digest).decode()
        self.save_manifest()

    def _stamp(self, paths, digest):
        for path in paths:
            with open(f"{self.pack}/{path}", "rb") as file:
                content = file.read()
            replace(f"{self.pack}/{path}", content.replace(self.digest, digest))


def replace(path, content):
    """Replaces it by a new file with the same mode: other hard links keep the old content."""
    mode = stat.S_IMODE(os.stat(path).st_mode)
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def manifest_digest(manifest):
    """Returns the digest; see docs/protocol.md, "The digest"."""
    covered = {name: value for name, value in manifest.items() if name not in ("digest", "provenance")}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()[:16]


def store_digest(manifest, contents):
    types = {"REGULAR": 0, "DIRECTORY": 1, "SYMLINK": 2}
    parts = []

    def add(*values):
        for value in values:
            value = value.encode() if isinstance(value, str) else value
            parts.append(struct.pack("<Q", value) if isinstance(value, int) else struct.pack("<Q", len(value)) + value)

    add(manifest["store_prefix"], len(contents["items"]))
    for item in contents["items"]:
        references, files = item.get("references", []), item["files"]
        add(item["name"], len(references), *references, len(files))
        for file in files:
            add(file.get("path", ""), types[file.get("type", "REGULAR")], int(file.get("executable", False)),
                int(file.get("size", 0)), base64.b64decode(file.get("sha256", "")), file.get("target", ""))
    add(len(manifest["entries"]))
    for entry in manifest["entries"]:
        add(entry["name"], entry["program"], entry["resolved"])
    return hashlib.sha256(b"".join(parts)).digest()[:16]
