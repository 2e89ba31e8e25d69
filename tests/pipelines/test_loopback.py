"""Ports of Beam's local runner are reachable from this machine alone."""

import apache_beam as beam
import grpc
import pytest
from grpc import _server

from pipelines.io.loopback import only_loopback
from pipelines.run import run_pipeline


@pytest.mark.parametrize("mode", ["multi_threading", "multi_processing"])
def test_no_port_of_a_run_is_bound_to_all_addresses(monkeypatch, mode):
    bound = []
    add_port = _server._Server.add_insecure_port

    def record(server, address):
        bound.append(address)
        return add_port(server, address)

    monkeypatch.setattr(_server._Server, "add_insecure_port", record)
    options = [f"--direct_running_mode={mode}", "--direct_num_workers=2"]
    run_pipeline(lambda p: p | beam.Create([1]) | beam.Reshuffle() | beam.Map(abs), options)
    assert bound
    assert {address.rpartition(":")[0] for address in bound} == {"localhost"}


def test_other_addresses_and_other_times_are_left_alone():
    make_server = grpc.server
    with only_loopback():
        assert grpc.server is not make_server
        server = grpc.server(None)
        assert server.add_insecure_port("127.0.0.1:0") > 0
    assert grpc.server is make_server
