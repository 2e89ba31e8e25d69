"""Start one Beam Python worker, as `/opt/apache/beam/boot` does in Beam's containers.

A worker pool calls it with the endpoints of a job. Asking the runner for the job's options first
gives the worker its log level and the credentials of remote file systems, which a pool by itself
does not pass on.
"""

import argparse
import logging
import os
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="name that the runner gave the worker")
    for service in ("logging", "artifact", "provision", "control"):
        parser.add_argument(f"--{service}_endpoint", required=True, help="HOST:PORT")
    options = parser.parse_args()
    os.environ["WORKER_ID"] = options.id  # Beam reads it when it is imported
    # Besides what goes to the runner.
    logging.basicConfig(format=f"{worker_name(options.id)} %(message)s")
    run_worker(options)


def worker_name(given: str) -> str:
    """Return a name that no other worker has: all of Flink's task managers call theirs `1-1`."""
    return f"{given}@{os.getpid()}"


def run_worker(options: argparse.Namespace) -> None:
    """Tell the worker about its job by environment variables and run it to the job's end."""
    from apache_beam.portability.api import endpoints_pb2
    from apache_beam.runners.worker import sdk_worker_main
    from google.protobuf import json_format, text_format

    def descriptor(endpoint: str) -> str:
        return text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=endpoint))

    info = provision_info(options.provision_endpoint)
    os.environ.update(
        PIPELINE_OPTIONS=json_format.MessageToJson(info.pipeline_options),
        RUNNER_CAPABILITIES=" ".join(info.runner_capabilities),
        LOGGING_API_SERVICE_DESCRIPTOR=descriptor(options.logging_endpoint),
        CONTROL_API_SERVICE_DESCRIPTOR=descriptor(options.control_endpoint),
    )
    sdk_worker_main.main([])


def provision_info(endpoint: str) -> Any:
    """Return what the runner tells its workers about the job."""
    import grpc
    from apache_beam.portability.api import (
        beam_provision_api_pb2,
        beam_provision_api_pb2_grpc,
    )
    from apache_beam.runners.worker.worker_id_interceptor import WorkerIdInterceptor

    with grpc.insecure_channel(endpoint) as channel:
        named = grpc.intercept_channel(channel, WorkerIdInterceptor())
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(named)
        return service.GetProvisionInfo(beam_provision_api_pb2.GetProvisionInfoRequest()).info


if __name__ == "__main__":
    main()
