"""Python with its own library from the pack."""
from suite import main, scenario

TITLE = "Python"
PROGRAMS = ["python3", "bash", "sed"]
ADD = ["/usr/lib/python3.11"]


def python(side, code, *arguments, **options):
    """Runs Python by its full path, from which it finds its library."""
    return side.run("python3", "-c", code, *arguments, argv0=side.called("python3"), **options)


@scenario("`sys.prefix` and `sys.executable`, and the library from there", natively=(0, "PREFIX True EXE\n", ""))
def python_library(side):
    outcome = python(side, "import sys, json; print(sys.prefix, json.__file__.startswith(sys.prefix), sys.executable)")
    called = side.called("python3")
    prefix = called.rsplit("/", 2)[0]
    return outcome.status, outcome.out.replace(called, "EXE").replace(prefix, "PREFIX"), outcome.err


@scenario("Native modules: `hashlib`, `sqlite3`, `decimal`, `ctypes`, `ssl`, `zlib`, `socket`")
def python_modules(side):
    return python(side, "import hashlib, sqlite3, decimal, ctypes, ssl, zlib, socket\n"
                        "print(hashlib.sha256(b'x').hexdigest())\n"
                        "print(sqlite3.connect(':memory:').execute('select 6*7').fetchone())\n"
                        "print(decimal.Decimal('0.1') * 3, ctypes.CDLL(None).abs(-3), zlib.crc32(b'x'))\n"
                        "print(ssl.OPENSSL_VERSION, socket.gethostbyname('localhost'))\n")


@scenario("Threads, `multiprocessing` by fork, spawn and forkserver")
def python_parallel(side):
    script = side.file("parallel.py", """
import multiprocessing, threading
def work(x):
    return x * x
if __name__ == "__main__":
    out = []
    threads = [threading.Thread(target=out.append, args=(i,)) for i in range(8)]
    [t.start() for t in threads]; [t.join() for t in threads]
    print(sorted(out))
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(work, range(5)))
""")
    return side.run("python3", script, argv0=side.called("python3"))


@scenario("`subprocess`, `os.system`, `os.popen`, `os.posix_spawn`, `os.execvpe`")
def python_children(side):
    return python(side, "import os, subprocess, sys\n"
                        "bash, sed = sys.argv[1:]\n"
                        "print(subprocess.run([bash, '-c', 'echo one $0', 'x'], capture_output=True).stdout)\n"
                        "print(subprocess.check_output('/bin/echo two', shell=True))\n"
                        "sys.stdout.flush(); print(os.system(bash + ' -c \"echo three; exit 3\"'))\n"
                        "print(os.popen('echo a | ' + sed + ' s/a/b/').read()); sys.stdout.flush()\n"
                        "pid = os.posix_spawn(bash, ['bash', '-c', 'echo four; kill -TERM $$'], {'A': 'b'})\n"
                        "print(os.waitpid(pid, 0)[1])\n"
                        "closing = [(os.POSIX_SPAWN_CLOSE, 1)]\n"
                        "pid = os.posix_spawnp('sed', ['sed', '--version'], {}, file_actions=closing)\n"
                        "print(os.waitpid(pid, 0)[1]); sys.stdout.flush()\n"
                        "env = {'A': 'b', 'PATH': os.path.dirname(bash)}\n"
                        "os.execvpe('bash', ['bash', '-c', 'echo five $A; exit 5'], env)\n",
                  side.home("bash"), side.home("sed"))


@scenario("It ends with its exception, and with `SystemExit`")
def python_exceptions(side):
    return python(side, "raise SystemExit(41)"), python(side, "1 / 0"), python(side, "import os; os.abort()")


@scenario("`os.execve` on a descriptor", natively=(6, "by descriptor\n", ""))
def execve_on_a_descriptor(side):
    code = ("import os, sys\nfile = os.open(sys.argv[1], os.O_RDONLY)\n"
            "os.execve(file, ['bash', '-c', 'echo by descriptor; exit 6'], dict(os.environ))")
    return python(side, code, side.home("bash"))


@scenario("`subprocess` passes descriptors on, and a new session")
def python_descriptors(side):
    return python(side, "import os, subprocess, sys\n"
                        "r, w = os.pipe()\n"
                        "p = subprocess.Popen([sys.argv[1], '-c', f'echo hello >&{w}; [ $(ps -o sid= $$) = $$ ]'],\n"
                        "                     pass_fds=[w], start_new_session=True)\n"
                        "print(p.wait(), os.read(r, 100))\n", side.home("bash"))


if __name__ == "__main__":
    main()
