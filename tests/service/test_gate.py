"""How much the service takes on at a time."""

import asyncio

import httpx
import pytest
from litestar import Litestar

from game import telemetry


async def waiting(app: Litestar, client: httpx.AsyncClient) -> "asyncio.Task[httpx.Response]":
    """A request that is in flight and does not end by itself."""
    app.state.waiting.clear()
    request = asyncio.create_task(client.get("/probe/never"))
    await app.state.waiting.wait()
    return request


@pytest.mark.asyncio
async def test_one_too_many_is_busy(probed_app: Litestar, probe: httpx.AsyncClient) -> None:
    """Beyond the limit requests are refused at once; whether the process is up can still be asked."""
    held = [await waiting(probed_app, probe) for _ in range(2)]
    busy = await probe.get("/probe/anyone")
    assert (busy.status_code, busy.json()["code"], busy.headers["Retry-After"]) == (503, "busy", "1")
    assert (await probe.get("/health/live")).status_code == 200
    await asyncio.gather(*held)
    assert (await probe.get("/probe/anyone")).status_code == 200


@pytest.mark.asyncio
async def test_a_request_takes_too_long(probed_app: Litestar, probe: httpx.AsyncClient) -> None:
    """It is cancelled, and its client told so."""
    answer = await (await waiting(probed_app, probe))
    assert (answer.status_code, answer.json()["code"]) == (503, "timed_out")


@pytest.mark.asyncio
async def test_an_answer_breaks_off(probe: httpx.AsyncClient) -> None:
    """Once an answer has begun there cannot be another one: the connection ends, so the client knows."""
    with pytest.raises(Exception, match="after response started"):
        await probe.get("/probe/cut")
    assert (await probe.get("/probe/anyone")).status_code == 200


@pytest.mark.asyncio
async def test_requests_are_counted_by_template(probe: httpx.AsyncClient) -> None:
    """Metrics know routes and statuses, and neither URL nor method that a caller made up."""

    def count(*labels: str) -> float:
        return float(telemetry.REQUESTS.labels(*labels)._value.get())

    templates = [
        ("/probe/error/{name}", "GET", "409"),
        ("unmatched", "unmatched", "404"),
        ("unmatched", "unmatched", "405"),
    ]
    before = [count(*template) for template in templates]
    await probe.get("/probe/error/refusal")
    await probe.get("/made/up")
    await probe.request("INVENTED", "/probe/anyone")
    assert [count(*template) for template in templates] == [number + 1 for number in before]
