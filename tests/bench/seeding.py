"""A campaign of many records straight in the tables of the views, as a long history would leave them."""

from typing import Final

import psycopg
from psycopg.types.json import Json

from outdial.views.database import connect_blocking

ZONE: Final = "Asia/Kolkata"
COLUMNS: Final = ("City", "Order")
SETTINGS: Final = {"name": "Bench", "time_zone": ZONE, "columns": list(COLUMNS)}
BEGUN_US: Final = 1_772_323_200_000_000
_NAMES: Final = (
    *("Asha Sharma", "John Smith", "Maria Garcia", "Łukasz Žižek", "राहुल शर्मा", "محمد علي", "王小明"),
    *('O\'Brien, "Sinéad"', "=1+1", "Peter Jones", "Anna Schmidt", "Ivan Petrov", "<tag> & co"),
    *("Olivia Brown", "Noah Wilson", "Emma Davies"),
)
_CITIES: Final = ("Pune", "Mumbai", "London", "São Paulo", "Berlin", "New Delhi", "Leeds", "Kraków")
_RECORDS: Final = """
INSERT INTO records
SELECT %(campaign)s, n, 'up-' || n / 250000, n, '+91' || 9000000000 + n * 7919::bigint %% 999999937,
       (%(names)s::text[])[1 + n * 31 %% 16] || CASE WHEN n %% 3 = 0 THEN '' ELSE ' ' || n %% 5000 END,
       1 + n %% 99, CASE WHEN n %% 2 = 0 THEN 0 ELSE %(begun)s + n * 61000000::bigint END,
       CASE WHEN n %% 4 = 0 THEN 'agent-' || n %% 40 ELSE '' END, (ARRAY['', 'sales', 'hindi'])[1 + n %% 3], 'IN',
       jsonb_build_object('City', (%(cities)s::text[])[1 + n %% 8], 'Order', lpad((n * 37::bigint)::text, 9, '0')),
       %(begun)s + n / 500 * 40000::bigint
FROM generate_series(1, %(count)s) AS n
"""
_STATES: Final = """
INSERT INTO record_states
SELECT %(campaign)s, n, n %% 4, n %% 4, 1, 1, CASE WHEN n %% 4 = 0 THEN 0 ELSE %(begun)s + n * 40000::bigint END,
       CASE WHEN n %% 4 = 2 THEN %(begun)s + n * 40000::bigint + 3600000000 ELSE 0 END,
       %(begun)s + n * 40000::bigint, false, false, (ARRAY['Pending', 'Fail', 'Pending', 'Success'])[1 + n %% 4],
       (ARRAY['', 'NoAnswer', 'Busy', 'Answered'])[1 + n %% 4],
       CASE WHEN n %% 4 = 3 THEN 'Sale' ELSE '' END, CASE WHEN n %% 4 = 3 THEN 'agent-' || n %% 40 ELSE '' END
FROM generate_series(1, %(count)s) AS n
"""


def seed(dsn: str, campaign: str, count: int) -> None:
    """Fill the views of `dsn`, which have been prepared, with one stopped campaign of `count` records."""
    values = {
        "campaign": campaign,
        "count": count,
        "begun": BEGUN_US,
        "names": list(_NAMES),
        "cities": list(_CITIES),
        "settings": Json(SETTINGS),
    }
    with connect_blocking(dsn) as db:
        db.execute("SET synchronous_commit = off")
        db.execute(
            "INSERT INTO campaigns VALUES"
            " (%(campaign)s, 0, 'Completed', 9, 99, %(begun)s, %(begun)s, NULL, NULL, %(settings)s)",
            values,
        )
        db.execute(
            "INSERT INTO uploads SELECT %(campaign)s, 'up-' || n, 'committed', true, 1 + n * 250000, 250000, 250000,"
            " 250000, 0, 0, '', '', %(begun)s, %(begun)s, 'f.xlsx', '', 1, 'reject', 'add', '{}', '{}', 'bench'"
            " FROM generate_series(0, %(count)s / 250000) AS n",
            values,
        )
        db.execute(_RECORDS, values)
        db.execute(_STATES, values)
        db.execute(
            "INSERT INTO campaign_counts SELECT campaign, status, reason, is_open, is_awaiting, count(*), sum(claims)"
            " FROM record_states WHERE campaign = %(campaign)s GROUP BY 1, 2, 3, 4, 5",
            values,
        )
        db.execute("VACUUM ANALYZE records")
        db.execute("VACUUM ANALYZE record_states")
        db.execute("ANALYZE uploads")


def database(dsn: str, name: str) -> str:
    """A new database of that name beside that of `dsn`; returns its dsn."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return dsn.rpartition("/")[0] + f"/{name}"
