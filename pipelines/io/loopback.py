"""Servers of Beam's local runner, reachable from this machine alone.

With several threads or processes that runner opens ports for its workers: on all addresses, without
encryption and without asking who calls. Whoever can reach them reads the records, and takes part in
the run.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import grpc  # type: ignore[import-untyped]

_ALL_ADDRESSES: Final = "[::]:"
_LOOPBACK: Final = "localhost:"


@contextmanager
def only_loopback() -> Iterator[None]:
    """Let servers that are started in the block, on all addresses, be reached from here alone."""
    make_server: Callable[..., Any] = grpc.server

    def make_local_server(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as gRPC's own
        server = make_server(*arguments, **options)
        add_port = server.add_insecure_port
        server.add_insecure_port = lambda address: add_port(
            address.replace(_ALL_ADDRESSES, _LOOPBACK)
        )
        return server

    grpc.server = make_local_server
    try:
        yield
    finally:
        grpc.server = make_server
