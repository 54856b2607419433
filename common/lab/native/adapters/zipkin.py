"""The image `openzipkin/zipkin`: its one jar, with its page, in a Java VM of this machine."""

from collections.abc import Callable, Sequence

from lab.native.adapters.adapter import Launch, Program, Server
from lab.native.jvm import JAVA, PACKAGE, jvm_server
from lab.native.maven import Artifact, jar

_JAR = Artifact(
    "io.zipkin",
    "zipkin-server",
    "3.4.4",
    "45530b0d895d7b56fffa5f6385f4bd45a6b8aa3c57e1c2bda4b4bb1225881333",
    "exec",
)
_PORT = 9411
_MEMORY = "-Xms64m -Xmx256m -XX:+ExitOnOutOfMemoryError"


class Zipkin:
    """See lab.native.adapters.adapter.Adapter and lab.native.jvm.WithJars."""

    image = "openzipkin/zipkin"
    package = PACKAGE
    units: Sequence[str] = ()
    home = "/zipkin"
    volumes: Sequence[str] = ("/zipkin",)  # where it runs
    listed: Sequence[str] = ()
    stop_signal = "SIGTERM"
    artifacts: Sequence[Artifact] = (_JAR,)

    def find(self) -> Server | None:
        """Look for a Java that is new enough."""
        return jvm_server("Zipkin", _JAR.version, oldest=17)

    def launch(
        self,
        server: Server,
        command: Sequence[str],  # noqa: ARG002 - the image's entrypoint takes none
        port: Callable[[int], int],
    ) -> Launch:
        """Run the jar, with the options of Java that JAVA_OPTS has; it listens on loopback."""
        place = {"ip": "127.0.0.1", "port": port(_PORT), "protocols[0]": "http"}
        options = " ".join(f"--armeria.ports[0].{name}={value}" for name, value in place.items())
        line = f"exec java $JAVA_OPTS -jar '{jar(_JAR)}' {options}"
        programs = {JAVA: Program(server.programs[JAVA])}
        return Launch(("sh", "-c", line), programs, {"JAVA_OPTS": _MEMORY})
