"""Every fault of the harness, and how often it has to hit: in the tests, and in `make faults`."""

from collections.abc import Mapping
from typing import Final

from tests.faults.client_faults import cut_off
from tests.faults.database_faults import backend_dies, backends_are_ended, database_restarts
from tests.faults.event_faults import edits
from tests.faults.network_faults import breaks_again_and_again, falls_silent, forgets_connections, is_slow
from tests.faults.outcome import Fault
from tests.faults.platform_faults import (
    broker_and_service_die,
    broker_dies,
    broker_sleeps,
    disk_fills_up,
    one_of_three_dies,
    one_of_three_sleeps,
    rolling_restart,
)
from tests.faults.poison_faults import known_poison, mutations
from tests.faults.projecting import ENGINES
from tests.faults.reader_catalogue import READER_FAULTS, behind
from tests.faults.writer_faults import (
    CRASH_POINTS,
    crash_at,
    kill_at_any_instant,
    members_come_and_go,
    pause_and_wake,
)

CORPUS: Final = 36  # messages that the broker takes
IN_TESTS: Final = {
    ("faust", "kill -9, another takes over"),
    ("faust", "SIGSTOP, another takes over, SIGCONT"),
    ("plain", "SIGSTOP, another takes over, SIGCONT"),
}
_ALL: Final = (
    *(Fault(f"kill -9 {point}", crash_at(point), 1, 20) for point in CRASH_POINTS),
    Fault("kill -9 at a random instant, another takes over", kill_at_any_instant, 5, 200, ("a", "b")),
    Fault("zombie: SIGSTOP, another takes over, SIGCONT", pause_and_wake, 2, 30, ("a", "b")),
    Fault("members come and go every 1 to 3 s", members_come_and_go, 1, 20, ("a", "b"), per_stage=4),
    Fault("network silent, another takes over, heals", falls_silent, 1, 20, ("a", "b")),
    Fault("network forgets connections", forgets_connections, 1, 20),
    Fault("network breaks again and again", breaks_again_and_again, 1, 20),
    Fault("network slow and in pieces", is_slow, 1, 20),
    Fault("broker kill -9 and restart", broker_dies, 1, 20),
    Fault("broker kill -9 and restart, command service too", broker_and_service_die, 1, 60),
    Fault("broker SIGSTOP, SIGCONT", broker_sleeps, 1, 20),
    Fault("disk full on the broker", disk_fills_up, 1, 10, small_disk=True),
    Fault("one of three brokers kill -9", one_of_three_dies, 1, 20, brokers=3),
    Fault("one of three brokers SIGSTOP, SIGCONT", one_of_three_sleeps, 1, 20, brokers=3),
    Fault("rolling restart of three brokers", rolling_restart, 1, 20, brokers=3),
    Fault("client cut off, asked again twice and shuffled", cut_off, 50, 2000),
    Fault("poison on commands, corpus", known_poison, CORPUS, CORPUS * 5),
    Fault("poison on commands, mutated", mutations(500), 500, 10_000),
    Fault("edited and foreign events, folded", edits(500), 500, 10_000),
    Fault("PostgreSQL restart", database_restarts, 1, 10),
    Fault("PostgreSQL backend kill -9", backend_dies, 1, 10),
    Fault("PostgreSQL backends terminated", backends_are_ended, 1, 10),
    *(
        Fault(f"{engine} projection {what}", behind(engine, what), int((engine, what) in IN_TESTS), 10)
        for engine in ENGINES
        for what in READER_FAULTS
    ),
)
FAULTS: Final[Mapping[str, Fault]] = {fault.name: fault for fault in _ALL}
