"""Every method of ib_async's IB ends, in an answer or in the broker's refusal."""

import pytest

from clients.ib_methods import results
from rigs.gateways import Gateway


@pytest.mark.timeout(120)
def test_no_method_of_ib_async_hangs_or_fails(gateway: Gateway) -> None:
    """The table in docs/ib-methods.md is made by the same calls."""
    found = results(gateway.port)

    assert [
        name for name, text in found.items() if text.startswith(("HUNG", "failed"))
    ] == []
    assert found["reqHistogramData"] == "list of HistogramData"
    assert found["requestFA"].startswith("refused, 321")
