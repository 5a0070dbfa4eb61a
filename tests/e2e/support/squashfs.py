"""Writes SquashFS 4.0 images, including ones that no tool would make: given numbers are written unchanged.

Run as a program, it makes a small image for the fuzzer: squashfs.py OUT gzip|xz|plain
"""
import collections
import lzma
import os
import struct
import sys
import zlib

PACKERS = {"plain": (1, None), "gzip": (1, zlib.compress),
           "xz": (4, lambda data: lzma.compress(data, lzma.FORMAT_XZ, lzma.CHECK_CRC32))}
METADATA = 8192
NONE = 0xffffffffffffffff
NO_FRAGMENT = 0xffffffff
DIRECTORY, FILE, SYMLINK, FIFO = 1, 2, 3, 6

# A file of the image, as in a directory entry.
Node = collections.namedtuple("Node", "block offset number type")


class Writer:
    """Nodes are made from the leaves to the root, which is passed to image()."""

    def __init__(self, packer="plain", block_size=131072):
        self.compression, self.pack = PACKERS[packer]
        self.block_size = block_size
        self.data = bytearray(b"\0" * 96)
        self.inodes, self.listings = Table(self.pack), Table(self.pack)
        self.fragments = []  # (position, header) of their blocks
        self.count = 0

    def next_node(self, type):
        """Returns the node that is made next, so that a directory can have an entry that leads to itself."""
        return Node(*self.inodes.place(), self.count + 1, type)

    def _add(self, type, fields, mode=0o755, number=None, **_):
        node = self.next_node(type if type < 8 else type - 7)
        self.count += 1
        self.inodes.add(struct.pack("<HHHHII", type, mode, 0, 0, 1, number or node.number) + fields)
        return node

    def file(self, content=b"", size=None, headers=None, start=None, fragment=NO_FRAGMENT, fragment_offset=0, **more):
        """Adds a file. `headers`: of the blocks, in place of those of `content`."""
        position = len(self.data) if start is None else start
        sizes = []
        for at in range(0, len(content) if fragment == NO_FRAGMENT else 0, self.block_size):
            sizes.append(self.block(content[at:at + self.block_size]))
        headers = sizes if headers is None else headers
        fields = struct.pack("<QQQIIII", position, len(content) if size is None else size, 0, 1, fragment, fragment_offset,
                             NO_FRAGMENT)
        return self._add(9, fields + b"".join(struct.pack("<I", each & 0xffffffff) for each in headers), **more)

    def fragment(self, content, header=None):
        """Adds a block that contains the ends of files; returns its number."""
        position = len(self.data)
        stored = self.block(content)
        self.fragments.append((position, stored if header is None else header))
        return len(self.fragments) - 1

    def block(self, content):
        """Adds a block of data; returns its header."""
        packed = self.pack(content) if self.pack else content
        if len(packed) >= len(content):
            self.data += content
            return len(content) | 1 << 24
        self.data += packed
        return len(packed)

    def symlink(self, target, size=None, **more):
        return self._add(SYMLINK, struct.pack("<II", 1, len(target) if size is None else size) + target, **more)

    def special(self, **more):
        return self._add(FIFO, struct.pack("<I", 1), **more)

    def directory(self, entries, size=None, place=None, sort=True, **more):
        """Adds a directory. `entries`: [(name, Node)]. `place`: of the listing of another one, with its `size`."""
        start = place or self.listings.place()
        length = 0 if place else self._list(sorted(entries) if sort else entries)
        fields = struct.pack("<IIIIHHI", 2, (length + 3 if size is None else size) & 0xffffffff, start[0], 1, 0, start[1],
                             NO_FRAGMENT)
        return self._add(8, fields, **more)

    def _list(self, entries):
        length = 0
        while entries:
            first = entries[0][1]
            group = []
            for name, node in entries[:256]:
                if node.block != first.block or abs(node.number - first.number) > 30000:
                    break
                group.append((name, node))
            entries = entries[len(group):]
            bytes = struct.pack("<III", len(group) - 1, first.block, first.number)
            for name, node in group:
                bytes += struct.pack("<HhHH", node.offset, node.number - first.number, node.type, len(name) - 1) + name
            self.listings.add(bytes)
            length += len(bytes)
        return length

    def tree(self, path):
        """Returns the node of the host's directory `path`, with everything in it."""
        entries = []
        for name in os.listdir(os.fsencode(path)):
            each = os.path.join(os.fsencode(path), name)
            if os.path.islink(each):
                entries.append((name, self.symlink(os.readlink(each))))
            elif os.path.isdir(each):
                entries.append((name, self.tree(each)))
            else:
                with open(each, "rb") as file:
                    entries.append((name, self.file(file.read(), mode=os.stat(each).st_mode & 0o7777)))
        return self.directory(entries)

    def image(self, root, /, **superblock):
        """Returns the bytes. `superblock`: fields to override."""
        data = bytearray(self.data)
        starts = {}
        for name, table in (("inode_table", self.inodes), ("directory_table", self.listings)):
            starts[name] = len(data)
            data += table.bytes()
        fragments = Table(None)
        for position, header in self.fragments:
            fragments.add(struct.pack("<QII", position, header, 0))
        for name, table in (("fragment_table", fragments), ("id_table", Table(None, struct.pack("<I", 0)))):
            at = len(data)
            data += table.bytes()
            starts[name] = len(data)
            data += struct.pack("<Q", at)
        fields = {"magic": 0x73717368, "inodes": self.count, "time": 1, "block_size": self.block_size,
                  "fragments": len(self.fragments), "compression": self.compression,
                  "block_log": self.block_size.bit_length() - 1, "flags": 0, "ids": 1, "major": 4, "minor": 0,
                  "root": root.block << 16 | root.offset, "size": len(data), "id_table": starts["id_table"],
                  "xattr_table": NONE, "inode_table": starts["inode_table"],
                  "directory_table": starts["directory_table"], "fragment_table": starts["fragment_table"],
                  "export_table": NONE, **superblock}
        data[:96] = struct.pack("<IIIIIHHHHHHQQQQQQQQ", *fields.values())
        return bytes(data)


class Table:
    """A table of metadata. Its blocks are packed as soon as they are full, so that positions are known."""

    def __init__(self, pack, start=b""):
        self.pack = pack
        self.done, self.rest = bytearray(), bytearray(start)

    def place(self):
        return len(self.done), len(self.rest)

    def add(self, bytes):
        self.rest += bytes
        while len(self.rest) >= METADATA:
            self.done += self._packed(self.rest[:METADATA])
            del self.rest[:METADATA]

    def bytes(self):
        return bytes(self.done + (self._packed(self.rest) if self.rest else b""))

    def _packed(self, block):
        packed = self.pack(bytes(block)) if self.pack else block
        if len(packed) >= len(block):
            return struct.pack("<H", 0x8000 | len(block)) + block
        return struct.pack("<H", len(packed)) + packed


def sample(packer):
    """Returns one of each: files with and without whole blocks, with holes, with an end in a fragment; links;
    directories."""
    writer = Writer(packer, block_size=4096)
    ends = writer.fragment(b"the ends of two files")
    start, block = len(writer.data), writer.block(b"x" * 4096)
    files = [(b"empty", writer.file()), (b"blocks", writer.file(b"some text\n" * 500)),
             (b"end", writer.file(b"the ends", fragment=ends)),
             (b"both", writer.file(size=4100, headers=[block], start=start, fragment=ends, fragment_offset=4)),
             (b"hole", writer.file(size=9000, headers=[0, 0, 0])), (b"link", writer.symlink(b"../bin/empty"))]
    directory = writer.directory(files)
    many = writer.directory([(b"%d" % i, files[0][1]) for i in range(260)])
    return writer.image(writer.directory([(b"bin", directory), (b"none", writer.directory([])), (b"many", many)]))


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as out:
        out.write(sample(sys.argv[2]))
