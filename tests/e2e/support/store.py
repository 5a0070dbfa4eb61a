"""Makes a store as Guix or Nix would have built it, from the host's programs with patchelf.

    store = Store("/gnu/store", directory)
    sed = store.add("sed-4.9", "sed")          # /gnu/store/<hash>-sed-4.9, with bin/sed
    profile = store.add_profile(sed, ...)      # /gnu/store/<hash>-profile, symlinks into the others

Interpreters, RUNPATHs and symlinks name the prefix, where nothing is; the items are in `directory`.
"""
import hashlib
import os
import re
import shutil

from support import programs

_ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"  # nix-base32: no e, o, u, t
_LOADER = "/lib64/ld-linux-x86-64.so.2"
_LIBC = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|nss_files|nss_dns|gcc_s))\.so\.\d+")


class Store:
    def __init__(self, prefix, directory):
        self.prefix = prefix
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self._libraries = {}

    def real(self, path):
        """Returns the real path of `path`, which is below the prefix."""
        return self.directory + path.removeprefix(self.prefix)

    def item(self, name):
        """Makes an empty item; returns its path below the prefix. The same name gives the same item."""
        digest = hashlib.sha256(name.encode()).digest()
        path = os.path.join(self.prefix, "".join(_ALPHABET[byte % 32] for byte in digest) + "-" + name)
        os.makedirs(self.real(path), exist_ok=True)
        return path

    def add(self, name, *commands):
        """Makes an item with the host's `commands` in bin/, and items of their libraries."""
        path = self.item(name)
        os.makedirs(self.real(path) + "/bin", exist_ok=True)
        for command in commands:
            self._copy(programs.host(command), f"{path}/bin/{command}")
        return path

    def add_file(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(self.real(path)), exist_ok=True)
        with open(self.real(path), "w") as file:
            file.write(text)
        os.chmod(self.real(path), mode)

    def add_profile(self, *items):
        """Makes a profile whose bin/ has an absolute symlink for each program of `items`."""
        path = self.item("profile")
        os.makedirs(self.real(path) + "/bin")
        for item in items:
            for name in os.listdir(self.real(item) + "/bin"):
                os.symlink(f"{item}/bin/{name}", f"{self.real(path)}/bin/{name}")
        return path

    def _copy(self, source, path):
        """Copies an ELF file to `path`, so that it loads its libraries from the store."""
        shutil.copyfile(os.path.realpath(source), self.real(path))
        os.chmod(self.real(path), 0o755)
        listing = programs.must(programs.run(["ldd", source])).out
        needed = re.findall(r"(/\S+) \(0x", listing)
        folders = sorted({os.path.dirname(self._library(library)) for library in needed})
        command = ["patchelf", "--set-rpath", ":".join(folders)]
        if programs.run(["patchelf", "--print-interpreter", source]).status == 0:
            command += ["--set-interpreter", self._library(_LOADER)]
        programs.must(programs.run([*command, self.real(path)]))

    def _library(self, source):
        """Returns the host's library `source` in the store: the C library's together, the others one by one."""
        name = os.path.basename(source)
        if _LIBC.fullmatch(name):
            return f"{self._libc()}/lib/{name}"
        if name not in self._libraries:
            self._libraries[name] = path = f"{self.item(name)}/lib/{name}"
            os.makedirs(os.path.dirname(self.real(path)), exist_ok=True)
            self._copy(source, path)
        return self._libraries[name]

    def _libc(self):
        path = self.item("glibc-2.36")
        if not os.path.isdir(self.real(path) + "/lib"):
            os.makedirs(self.real(path) + "/lib")
            folder = os.path.dirname(os.path.realpath(_LOADER))
            for name in filter(_LIBC.fullmatch, os.listdir(folder)):
                shutil.copy(os.path.realpath(f"{folder}/{name}"), f"{self.real(path)}/lib/{name}")
        return path
