"""Answers lost on the way: the connection is cut after the server has done its work."""

from drill.definition import Drill
from drill.stage import Stage

SHARE = 0.3


def run(stage: Stage) -> None:
    """Let a proxy cut connections at the moment when an answer comes."""
    with stage.proxy() as proxy:
        with stage.load(rate=60, url=proxy.url):
            stage.wait(3)
            stage.timeline.mark(f"{SHARE:.0%} of answers are lost")
            proxy.lose_answers = SHARE
            stage.wait(8)
            proxy.lose_answers = 0
            stage.timeline.mark("answers arrive again, late")
            proxy.delay = 0.1
            stage.wait(4)
            proxy.delay = 0
            stage.timeline.mark("all connections are cut once")
            proxy.cut()
            stage.wait(3)
        stage.number("answers lost", proxy.lost, "")
        stage.claim("answers were lost", holds=proxy.lost > 0, of=stage.timeline.attempts())


DRILL = Drill(
    name="answers-lost",
    question="Three in ten answers never arrive, and people send again. Is anything stored twice?",
    run=run,
    sends=300,
)
