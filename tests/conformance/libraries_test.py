"""What the C library and the loader load while a program runs."""
import os

from suite import main, scenario

TITLE = "Libraries, locales and names of users"
PROGRAMS = ["probe", "perl", "iconv", "locale", "sort", "sed", "id", "date", "bash", "getent", "cplusplus", "tput",
            "cat"]
TEXT = "über\nzebra\nApfel\nöl\n"


@scenario("Locales: `LC_ALL` decides on order and characters")
def locales(side):
    def seen(locale):
        env = {**side.env, "LC_ALL": locale}
        return [side.run("sort", input=TEXT, env=env), side.run("sed", "s/./x/g", input=TEXT, env=env),
                side.run("locale", "charmap", env=env)]
    return [seen(locale) for locale in ("C", "C.UTF-8", "POSIX", "xx_XX.UTF-8")]


@scenario("`locale -a` lists the host's locales")
def all_locales(side):
    return side.run("locale", "-a")


@scenario("`iconv` loads its converters")
def converters(side):
    return [side.run("iconv", "-f", "UTF-8", "-t", charset, input="öß\n")
            for charset in ("ISO-8859-1", "UTF-16LE", "UTF-8", "ASCII//TRANSLIT")] + \
        [side.run("bash", "-c", f"printf '\\xf6' | {side.home('iconv')} -f {charset} -t UTF-8")
         for charset in ("IBM850", "CP1252", "KOI8-R")]


@scenario("Users and groups: `getpwnam`, `getpwuid`, `getgrnam`, `~name`")
def users(side):
    return [side.run("id", "root"), side.run("id", "-un", "0"), side.run("bash", "-c", "echo ~root ~daemon"),
            side.run("getent", "passwd", "daemon"), side.run("getent", "group", "daemon"),
            side.run("perl", "-e", 'print join(":", (getpwnam("daemon"))[0, 2, 7], getgrnam("daemon")), "\\n"')]


@scenario("Hosts, services and protocols")
def hosts(side):
    return [side.run("getent", "hosts", "localhost"), side.run("getent", "services", "ssh"),
            side.run("getent", "protocols", "tcp")]


@scenario("Modules with native code, by `dlopen`", natively=(0, "55 2 abc\n", ""))
def modules(side):
    return side.run("perl", "-MList::Util=sum", "-MPOSIX=floor", "-MEncode", "-e",
                    'print sum(1 .. 10), " ", floor(2.7), " ", decode("UTF-8", "abc"), "\\n"')


@scenario("C++: exceptions across libraries, threads, streams, and an uncaught exception")
def cplusplus(side):
    return side.run("cplusplus", env={**side.env, "LC_ALL": "C.UTF-8"})


@scenario("Time zones")
def time_zones(side):
    return [side.run("date", "-d", "@1000000000", env={**side.env, "TZ": zone})
            for zone in ("UTC", "Europe/Paris", "America/New_York", "CET-1CEST", "")]


@scenario("Terminal descriptions")
def terminal_descriptions(side):
    return [side.run("tput", "-T", name, "bold") for name in ("xterm", "dumb", "vt100", "no-such-terminal")]


@scenario("A library that the caller preloads", natively=(0, "x\n", ""))
def preloaded(side):
    """stdbuf sets LD_PRELOAD to a library of coreutils. An instrumented relocctl requires its own to be the
    first."""
    return side.host_shell('echo x | ASAN_OPTIONS=verify_asan_link_order=0 stdbuf -oL "$1"', "cat")


@scenario("Directories in `LD_LIBRARY_PATH` that have no libraries", natively=(0, "x", ""))
def library_path(side):
    return side.run("cat", input="x", env={**side.env, "LD_LIBRARY_PATH": f"/does/not/exist:{side.scratch}:"})


if __name__ == "__main__":
    main()
