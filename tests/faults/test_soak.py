"""Everything at once, for a minute; ``make soak`` takes twenty."""

import pytest

from tests.faults.soak import Soak

pytestmark = [pytest.mark.server, pytest.mark.slow]

SECONDS = 40
"""Enough for each kind of fault once."""


@pytest.mark.timeout(900)  # it takes one minute; the end of all crawls may be long where the machine is busy
def test_row_53_random_faults_lose_and_double_nothing(rabbitmq, mariadb, tmp_path):
    try:
        with Soak(rabbitmq, mariadb, tmp_path, seed=1) as soak:
            kinds = len(soak.kinds())
            tally = soak.run(SECONDS, least=kinds)
    finally:
        rabbitmq.revive()
        mariadb.revive()
    assert tally.is_well, tally
    assert len(tally.faults) == kinds, tally
    assert (tally.durable > 100, tally.parked) == (True, 0), tally
