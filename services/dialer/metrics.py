"""What the dialer counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """Every name, unit and help in one place."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.claims = Counter(
            "outdial_dialer_claimed", "Attempts whose claim was accepted", registry=registry
        )
        self.refused = Counter("outdial_dialer_claims_refused", "Claims refused", ["code"], registry=registry)
        self.originates = Counter(
            "outdial_dialer_originates", "Calls asked of the network", ["answer"], registry=registry
        )
        self.withdrawn = Counter(
            "outdial_dialer_withdrawn", "Claims given back", ["cause"], registry=registry
        )
        self.outcomes = Counter(
            "outdial_dialer_outcomes", "Outcomes reported", ["outcome"], registry=registry
        )
        self.dispositions = Counter("outdial_dialer_dispositions", "Dispositions taken", registry=registry)
        self.settled = Counter(
            "outdial_dialer_settled", "Attempts settled by a look-up", ["as_"], registry=registry
        )
        self.lines = Gauge("outdial_dialer_lines", "Attempts open now", registry=registry)
        self.active = Gauge("outdial_dialer_active", "1 while this dialer dials", registry=registry)
        self.persons_missing = Counter(
            "outdial_dialer_persons_missing",
            "Records and entries of lists whose number is not in its block",
            registry=registry,
        )
