"""A Flink cluster on this machine: one job manager, task managers, and a pool of Python workers.

Flink's own start scripts compute memory settings and remember processes by host; here everything
is said outright, so that several clusters can run side by side and each ends with its test.
"""

import json
import urllib.request
from pathlib import Path

from tests.cluster.artefacts import find_java, flink_jars, flink_version, job_server_jar
from tests.cluster.cluster import Cluster
from tests.cluster.services import Service, free_port

_OPEN = (
    *("java.lang", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.text"),
    *("java.time", "java.util", "java.util.concurrent", "java.util.concurrent.atomic"),
    *("java.util.concurrent.locks", "sun.nio.ch", "sun.net.util"),
)
# A job goes on by itself after a fault. Times are milliseconds: Flink 1.x knows no units here.
_SETTINGS = """
jobmanager.rpc.address: localhost
jobmanager.rpc.port: {rpc_port}
rest.address: localhost
rest.port: {rest_port}
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 20
restart-strategy.fixed-delay.delay: 1000
heartbeat.interval: 1000
heartbeat.timeout: 30000
io.tmp.dirs: {folder}/tmp
jobmanager.memory.heap.size: 512m
jobmanager.memory.off-heap.size: 128m
jobmanager.memory.jvm-metaspace.size: 256m
taskmanager.host: localhost
taskmanager.numberOfTaskSlots: 1
taskmanager.cpu.cores: 1.0
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.task.heap.size: 384m
taskmanager.memory.task.off-heap.size: 0m
taskmanager.memory.network.min: 256m
taskmanager.memory.network.max: 256m
taskmanager.memory.managed.size: 128m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 64m
taskmanager.memory.jvm-overhead.max: 64m
"""
_LOGGING = """
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1} %m%n
"""


class FlinkCluster(Cluster):
    """One task manager with one slot for each Python worker."""

    def __init__(self, folder: Path, workers: int, environment: dict[str, str]) -> None:
        """Prepare everything.

        Raises:
            MissingArtefactError: If Java or Flink's jars could not be downloaded.
        """
        super().__init__(folder, workers, environment)
        self._rest_port = free_port()
        self._task_managers = f"http://localhost:{self._rest_port}/taskmanagers"
        settings = folder / "conf"
        settings.mkdir()
        (settings / "config.yaml").write_text(
            _SETTINGS.format(rpc_port=free_port(), rest_port=self._rest_port, folder=folder)
        )
        (settings / "log4j.properties").write_text(_LOGGING)
        runtime = "org.apache.flink.runtime"
        entry = f"{runtime}.entrypoint.StandaloneSessionClusterEntrypoint"
        self.manager = self._java("manager", entry)
        self.task_managers = [
            self._java(f"task-manager-{n}", f"{runtime}.taskexecutor.TaskManagerRunner")
            for n in range(workers)
        ]

    @property
    def services(self) -> list[Service]:
        return [*self.task_managers, *super().services]

    @property
    def options(self) -> list[str]:
        """See `Cluster`.

        Raises:
            MissingArtefactError: If Beam's job server for Flink could not be downloaded.
        """
        return [
            *("--runner=FlinkRunner", f"--flink_master=localhost:{self._rest_port}"),
            *(f"--flink_version={flink_version()}", f"--flink_job_server_jar={job_server_jar()}"),
            *(*super().options, f"--parallelism={self.workers}"),
        ]

    def __enter__(self) -> Cluster:
        for service in self.task_managers:
            service.start()
        return super().__enter__()

    def wait_for_manager(self) -> None:
        """Wait until all task managers have registered, and no lost one counts any more."""
        self.manager.wait_until(lambda: len(self.registered()) == self.workers, 180)

    def kill_task_manager(self) -> None:
        """Kill one with -9 and start another in its place."""
        self.task_managers[0].kill()
        self.task_managers[0].start()

    def registered(self) -> set[str]:
        """Return the names of the task managers whose slots the job manager can use."""
        try:
            with urllib.request.urlopen(self._task_managers, timeout=5) as answer:
                found = json.load(answer)["taskmanagers"]
        except OSError:  # it has not started yet
            return set()
        return {one["id"] for one in found if one["slotsNumber"]}

    def _java(self, name: str, main: str) -> Service:
        settings = self.folder / "conf"
        return Service(
            name,
            [
                *(
                    find_java(),
                    "-Xmx512m",
                    f"-Dlog4j.configurationFile={settings}/log4j.properties",
                ),
                *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPEN),
                *("-classpath", f"{flink_jars()}/*", main, "--configDir", str(settings)),
            ],
            self.folder,
        )
