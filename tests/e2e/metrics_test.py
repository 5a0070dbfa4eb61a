"""Metrics: what they count, and every way to get them, including a real Prometheus."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from support import daemon, packs, programs, session

DASHBOARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/grafana/relocd.json")
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/metrics.md")
LABELS = {"engine", "placement", "result", "state", "reason", "version", "le"}


def series(text):
    """Returns {'name{labels}': value} from a text in Prometheus' format."""
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines()
            if line and not line.startswith("#")}


def names(text):
    return {re.match(r"\w+", key).group() for key in series(text)}


def tool(name, package):
    path = shutil.which(name, path=programs.HOST_PATH)
    session.require(path, name, "not on this host", f"install {package}")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MetricsTest(unittest.TestCase):
    def start(self, *arguments):
        self.pack = packs.from_host("cat", "true")
        self.relocd = daemon.Daemon(packs.new_path("daemon"), *arguments)
        self.addCleanup(self.relocd.stop)
        self.env = self.relocd.environment(RELOC_ENGINE="userns")

    def launch(self, program="true", **env):
        programs.must(programs.run([f"{self.pack}/bin/{program}"], env={**self.env, **env}))

    def text(self):
        outcome = programs.must(programs.relocctl("metrics", env=self.env))
        self.assertEqual(outcome.err, "")
        return outcome.out

    def assertCounts(self, **wanted):
        """Waits: the daemon may receive a launch after the program has ended."""
        keys = {"launches": 'relocd_launches_total{engine="userns",placement="caller",result="ok"}',
                "running": 'relocd_jobs{engine="userns",state="running"}',
                "exited": 'relocd_jobs{engine="userns",state="exited"}',
                "killed": 'relocd_jobs{engine="userns",state="killed"}',
                "asked": "relocd_launch_duration_seconds_count",
                "roots": "relocd_roots"}
        found = lambda: {name: series(self.text())[keys[name]] for name in wanted}
        daemon.wait_until(lambda: found() == wanted)
        self.assertEqual(found(), wanted)


class Counting(MetricsTest):
    def setUp(self):
        self.start()

    def test_launches_jobs_and_roots(self):
        self.assertCounts(launches=0, running=0, exited=0, asked=0, roots=0)
        self.launch()
        self.launch()
        job = subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE)
        self.addCleanup(job.wait)
        self.addCleanup(job.stdin.close)
        # The first one requested the root, the others joined it.
        self.assertCounts(launches=3, running=1, asked=1, roots=1)
        job.send_signal(signal.SIGKILL)
        job.wait()
        self.assertCounts(launches=3, running=0)
        ends = {job["state"] for job in daemon.jobs(self.env)}
        if "lost" not in ends:  # the kernel reports how a process ended
            self.assertCounts(exited=2, killed=1)

    def test_fallbacks_by_reason(self):
        programs.must(programs.run(["unshare", "-rm", self.pack + "/bin/true"], env=self.env))
        key = 'relocd_fallbacks_total{reason="context"}'
        if not daemon.wait_until(lambda: series(self.text())[key] == 1, seconds=5):
            self.fail(self.text())
        self.assertEqual(
            series(self.text())['relocd_launches_total{engine="userns",placement="caller",result="fallback"}'], 1)

    def test_labels_tell_nothing_of_users_paths_and_processes(self):
        self.launch()
        text = self.text()
        self.assertEqual(set(re.findall(r'[{,](\w+)="', text)), LABELS)
        self.assertNotIn(self.pack, text)

    def test_promtool_finds_nothing_to_complain_of(self):
        self.launch()
        done = programs.run([tool("promtool", "prometheus"), "check", "metrics"], input=self.text())
        self.assertEqual((done.status, done.out + done.err), (0, ""))

    def test_without_a_daemon_one_line_says_so(self):
        outcome = programs.relocctl("metrics")
        self.assertEqual((outcome.status, outcome.out), (1, ""))
        self.assertRegex(outcome.err, r"\Arelocctl: no daemon runs[^\n]+\n\Z")

    def test_the_page_and_the_dashboard_know_the_metrics(self):
        known = names(self.text())
        with open(PAGE, encoding="utf-8") as page:
            documented = set(re.findall(r"\b(?:relocd|process)_\w+", page.read()))
        families = set(re.findall(r"^# TYPE (\w+)", self.text(), re.M))
        self.assertLessEqual(families, documented)
        with open(DASHBOARD, encoding="utf-8") as file:
            dashboard = json.load(file)
        expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(expressions), 5)
        for expression in expressions:
            self.assertLessEqual(set(re.findall(r"\b(?:relocd|process)_\w+", expression)), known, expression)
        ids = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))


class Http(MetricsTest):
    def url(self):
        self.relocd.await_log("metrics are at ")
        return re.search(r"metrics are at (\S+)", self.relocd.read_log()).group(1)

    def test_on_a_loopback_port(self):
        self.start("--metrics-listen", "127.0.0.1:0")
        self.launch()
        with urllib.request.urlopen(self.url(), timeout=10) as response:
            self.assertEqual(response.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            self.assertLessEqual({"relocd_build_info", "relocd_launches_total"}, names(response.read().decode()))
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(self.url().replace("/metrics", "/"), timeout=10)
        self.assertEqual(refused.exception.code, 404)
        refused.exception.close()

    def test_on_a_unix_socket(self):
        path = packs.new_path("metrics") + ".sock"
        self.start("--metrics-listen", "unix:" + path)
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        connection.request("GET", "/metrics")
        self.assertIn("relocd_roots 0\n", connection.getresponse().read().decode())
        connection.close()
        self.relocd.stop()
        self.assertFalse(os.path.exists(path))

    def test_a_port_that_is_taken_keeps_nobody_from_being_served(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            self.start("--metrics-listen", f"127.0.0.1:{other.getsockname()[1]}")
            self.launch()
            self.relocd.await_log(f"cannot listen on 127.0.0.1:{other.getsockname()[1]}: ")

    def test_prometheus_scrapes_it(self):
        self.start("--metrics-listen", "127.0.0.1:0")
        self.launch()
        self.assertCounts(launches=1)
        port = self.run_prometheus(self.url())

        def answer():
            query = urllib.parse.quote('relocd_launches_total{engine="userns",result="ok",placement="caller"}')
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={query}",
                                            timeout=10) as response:
                    return json.load(response)["data"]["result"]
            except OSError:
                return []
        self.assertTrue(daemon.wait_until(answer, seconds=60), "Prometheus has nothing of ours")
        self.assertEqual([result["value"][1] for result in answer()], ["1"])

    def run_prometheus(self, url):
        """Runs a Prometheus that scrapes `url` each second; returns its port."""
        program = tool("prometheus", "prometheus")
        data = packs.new_path("prometheus")
        os.mkdir(data)
        with open(data + "/prometheus.yml", "w", encoding="utf-8") as config:
            json.dump({"scrape_configs": [{"job_name": "relocd", "scrape_interval": "1s", "scrape_timeout": "1s",
                                           "static_configs": [{"targets": [urllib.parse.urlsplit(url).netloc]}]}]},
                      config)  # JSON is YAML
        port = free_port()
        with open(data + "/log", "wb") as log:
            process = subprocess.Popen([program, f"--config.file={data}/prometheus.yml", f"--storage.tsdb.path={data}",
                                        f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log,
                                       env=programs.environment(), cwd=data)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return port


class Textfile(MetricsTest):
    def setUp(self):
        self.directory = packs.new_path("textfiles")
        os.mkdir(self.directory)
        self.path = f"{self.directory}/relocd-{os.getuid()}.prom"

    def start(self, *arguments):
        super().start("--metrics-textfile", self.directory + "/relocd-%U.prom", *arguments)

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def test_follows_what_happens_and_goes_with_the_daemon(self):
        self.start("--metrics-interval", "10ms")
        key = 'relocd_launches_total{engine="userns",placement="caller",result="ok"}'
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(self.path)))
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o644)
        self.launch()
        self.assertTrue(daemon.wait_until(lambda: series(self.read())[key] == 1))
        self.assertEqual(self.relocd.stop(), 0)
        self.assertEqual(os.listdir(self.directory), [])

    def test_readers_always_see_a_whole_file(self):
        self.start("--metrics-interval", "1ms")
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(self.path)))
        for _ in range(50):
            self.launch()
            text = self.read()
            self.assertTrue(text.startswith("# HELP ") and text.endswith("\n"), text)
            self.assertIn("\nrelocd_mirror_limit_bytes ", text)  # the last one
            self.assertNotIn("process_", text)  # node_exporter has its own

    def test_a_directory_that_cannot_be_written_is_one_line_in_the_log(self):
        os.chmod(self.directory, 0o500)
        self.addCleanup(os.chmod, self.directory, 0o700)
        self.start("--metrics-interval", "10ms")
        complaint = f"cannot make {self.path}.new: Permission denied"
        self.assertTrue(daemon.wait_until(lambda: complaint in self.relocd.read_log()))
        for _ in range(5):
            self.launch()
            time.sleep(0.02)
        self.assertEqual(self.relocd.read_log().count(complaint), 1)

    def test_no_thread_stays_and_nothing_wakes_up(self):
        self.start("--metrics-interval", "10ms", "--metrics-listen", "127.0.0.1:0")
        self.launch()
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(self.path)))

        def status(field):
            with open(f"/proc/{self.relocd.pid}/status", encoding="utf-8") as file:
                return int(re.search(rf"^{field}:\s+(\d+)", file.read(), re.M).group(1))
        self.assertTrue(daemon.wait_until(lambda: status("Threads") == 1, 40))

        def rests():
            before = status("voluntary_ctxt_switches")
            time.sleep(3)
            return status("voluntary_ctxt_switches") == before
        # Not immediately: a timer may be armed, and a worker may still be busy with the launch's mirror.
        self.assertTrue(daemon.wait_until(rests, seconds=60))


if __name__ == "__main__":
    session.main()
