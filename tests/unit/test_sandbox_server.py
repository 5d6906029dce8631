"""The sandbox on a real socket, and as a process of its own."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import trustme

from syncengine.commands.sandbox import add_arguments, run
from syncengine.sandbox import Fault, Sandbox
from syncengine.sandbox.server import running

KEY = ("ck_sandbox", "cs_sandbox")
QUERY = {"consumer_key": KEY[0], "consumer_secret": KEY[1]}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_https_with_basic_works_end_to_end(server_side: ssl.SSLContext, client_side: ssl.SSLContext) -> None:
    with Sandbox(seed=3) as sandbox, running(sandbox, ssl_context=server_side) as url:
        with httpx.Client(base_url=f"{url}/wp-json/wc/v3", auth=KEY, verify=client_side) as client:
            made = client.post("/products", json={"name": "x", "sku": "x"})
            assert made.status_code == 201
            assert made.headers["Location"] == f"{url}/wp-json/wc/v3/products/{made.json()['id']}"
            assert client.get("/products").headers["X-WP-Total"] == "4"
            assert client.head("/products").headers["X-WP-Total"] == "4"
        assert sandbox.product_by_sku("X")["name"] == "x"


def test_a_shop_whose_own_code_fails_says_so_as_wordpress_does_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(seed=1) as sandbox, running(sandbox) as url, httpx.Client(base_url=url, params=QUERY) as client:
        with monkeypatch.context() as broken:
            broken.setattr(sandbox, "handle", lambda request: 1 // 0)
            answer = client.get("/wp-json/wc/v3/products")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_server_error")
        assert client.get("/wp-json/").status_code == 200
    assert "ZeroDivisionError" in capfd.readouterr().err, "whoever runs it can see why"


def test_a_connection_is_kept_alive_and_answers_without_delay() -> None:
    with Sandbox(seed=1) as sandbox, running(sandbox) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            begun = time.monotonic()
            for _ in range(50):
                connection.sendall(b"GET /wp-json/ HTTP/1.1\r\nHost: shop\r\n\r\n")
                head, _, rest = connection.recv(65536).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 OK")
                assert json.loads(rest)["url"] == "http://shop"
            assert time.monotonic() - begun < 1, "50 requests that wait for acknowledgements take 2 seconds"


def test_a_dropped_connection_ends_without_an_answer() -> None:
    with Sandbox(faults=[Fault("drop-after", 1)]) as sandbox, running(sandbox) as url:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/wp-json/wc/v3/products")
        assert [(each.method, each.status) for each in sandbox.requests] == [("GET", 0)]


def test_the_batch_goes_on_when_the_client_has_left(server_side: ssl.SSLContext, client_side: ssl.SSLContext) -> None:
    with Sandbox(item_cost=20) as sandbox, running(sandbox, ssl_context=server_side) as url:
        batch = {"create": [{"name": str(number)} for number in range(20)]}
        with httpx.Client(auth=KEY, verify=client_side) as client, pytest.raises(httpx.ReadTimeout):
            client.post(f"{url}/wp-json/wc/v3/products/batch", json=batch, timeout=httpx.Timeout(5, read=0.1))
        assert sandbox.products() == []
        end = time.monotonic() + 5
        while len(sandbox.products()) < 20 and time.monotonic() < end:
            time.sleep(0.02)
        assert len(sandbox.products()) == 20


def test_workers_bound_what_is_worked_on_at_once() -> None:
    with Sandbox(workers=1, item_cost=50) as sandbox:
        client = httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=KEY)

        def create() -> None:
            assert client.post("/products", json={"name": "x"}).status_code == 201

        threads = [threading.Thread(target=create) for _ in range(4)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - begun >= 0.2
        assert len(sandbox.products()) == 4


def test_parallel_writers_lose_nothing(server_side: ssl.SSLContext, client_side: ssl.SSLContext) -> None:
    with Sandbox() as sandbox, running(sandbox, ssl_context=server_side) as url:
        counted = sandbox.create_product(name="x", manage_stock=True, stock_quantity=0)["id"]

        def write(writer: int) -> None:
            with httpx.Client(base_url=f"{url}/wp-json/wc/v3", auth=KEY, verify=client_side) as client:
                for turn in range(10):
                    batch = {
                        "create": [{"name": "x", "sku": f"{writer}-{turn}"}],
                        "update": [{"id": counted, "inventory_delta": 1}],
                    }
                    assert client.post("/products/batch", json=batch).status_code == 200
                    assert client.get("/products").status_code == 200

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sandbox.product(counted)["stock_quantity"] == 40
        assert len(sandbox.products()) == 41


def test_a_length_that_is_no_number_is_a_bad_request() -> None:
    with Sandbox() as sandbox, running(sandbox) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(b"POST /wp-json/ HTTP/1.1\r\nHost: shop\r\nContent-Length: x\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_chunked_body_is_read() -> None:
    with Sandbox() as sandbox, running(sandbox) as url:
        answer = httpx.post(f"{url}/wp-json/wc/v3/products", params=QUERY, content=iter([b"{", b"}"]))
        assert answer.status_code == 401, "keys in the query string do not work over plain HTTP"
        assert sandbox.requests[0].size == 2


def test_a_process_of_its_own_says_where_it_is_and_stops_when_told(tmp_path: Path) -> None:
    program = (
        "import argparse, sys\n"
        "from syncengine.commands.sandbox import add_arguments, run\n"
        "parser = argparse.ArgumentParser()\n"
        "add_arguments(parser)\n"
        "sys.exit(run(parser.parse_args()))\n"
    )
    state = tmp_path / "shop.db"
    command = [
        sys.executable,
        "-c",
        program,
        "--port",
        "0",
        "--state",
        str(state),
        "--seed",
        "5",
        "--consumer-key",
        "k",
        "--application-password",
        "pass word",
    ]
    for total in (5, 5):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            assert (line["consumer_key"], line["consumer_secret"]) == ("k", "cs_sandbox")
            assert httpx.get(f"{line['url']}/wp-json/").json()["name"] == "Sandbox"
            login = (line["wp_user"], line["wp_application_password"])
            assert httpx.get(f"{line['url']}/wp-json/wp/v2/users/me", auth=login).json()["id"] == 1
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        with Sandbox(state) as sandbox:
            assert len(sandbox.products()) == total


def test_a_file_that_is_no_shop_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "shop.db"
    state.write_text("this is not a database, but it is long enough to be looked at as if it were one. " * 20)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args(["--port", "0", "--state", str(state)])) == 3
    assert capsys.readouterr().err.count("\n") == 1
