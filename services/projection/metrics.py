"""What the projection counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """Every name, unit and help in one place."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.events = Counter("outdial_projection_events", "Events taken into the views", registry=registry)
        self.batches = Histogram(
            "outdial_projection_batch_seconds", "Time of a batch in the database", registry=registry
        )
        self.away = Counter(
            "outdial_projection_database_away", "Batches begun again without database", registry=registry
        )
        self.parked = Gauge("outdial_projection_parked_campaigns", "Campaigns parked", registry=registry)
        self.behind = Gauge(
            "outdial_projection_behind", "Offsets between cursor and log", ["partition"], registry=registry
        )
        self.lag = Histogram(
            "outdial_projection_lag_seconds",
            "From an event's append to its place in the views",
            registry=registry,
        )
