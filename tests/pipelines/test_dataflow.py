"""The job that the real DataflowRunner makes of a build, up to the point of submission."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

pytest.importorskip("apache_beam.runners.dataflow.internal.apiclient", reason="needs tandemqa[gcp]")

import apache_beam as beam
from apache_beam.options.pipeline_options import SetupOptions
from apache_beam.portability.api import beam_runner_api_pb2

from pipelines.build import build
from pipelines.commands.build import COMMAND
from pipelines.commands.resolve import resolve
from pipelines.run import beam_options
from schemas.options import make_options, settings_of
from tandemqa import run

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "docker" / "dataflow"
IMAGE = "europe-docker.pkg.dev/project/images/tandemqa-worker:0.1.0-cuda"
GPU = "type:nvidia-l4;count:1;install-nvidia-driver"
ACCELERATOR = "beam:resources:accelerator:v1"
OPTIONS = [
    *("--runner=DataflowRunner", "--dry_run=True", "--no_auth", "--project=project"),
    *("--region=europe-west4", "--temp_location=gs://bucket/temp", "--job_name=tandemqa-build"),
    *("--sdk_location=container", f"--sdk_container_image={IMAGE}"),
    *("--worker_machine_type=g2-standard-8", "--max_num_workers=16"),
    "--dataflow_service_options=enable_prime",
]


def make_job(tmp_path, questions, *arguments):
    """Return Beam's options and the Dataflow job of a build of one record."""
    source = questions({"question": "Who?", "passage": "It was Ann."})
    places = ["--input", source, "--output", str(tmp_path / "corpus"), "--languages", "es"]
    options = beam_options(OPTIONS)
    pipeline = beam.Pipeline(options=options)
    build(pipeline, resolve(COMMAND.parse([*places, *arguments])))
    return options, pipeline.run().job


@pytest.fixture
def job(tmp_path, questions, tiny_nllb):
    neural = ["--translator", "nllb", "--model", str(tiny_nllb), "--device", "cuda"]
    return make_job(tmp_path, questions, *neural, "--translate-accelerator", GPU)


def test_every_step_of_the_build_is_in_the_job(job):
    _, made = job
    names = {
        transform.unique_name for transform in made.proto_pipeline.components.transforms.values()
    }
    steps = {name.split("/")[0] for name in names}
    assert {"Read", "Deduplicate", "Decontaminate", "Segment", "Translate", "Assemble"} <= steps
    assert {"Validate", "WriteRows", "WriteQuarantine", "WriteManifest"} <= steps
    assert "Translate/TranslatePackets" in names


def test_the_gpu_is_for_the_translation_alone(job):
    _, made = job
    components = made.proto_pipeline.components
    with_gpu = {
        transform.unique_name
        for transform in components.transforms.values()
        if transform.environment_id
        and ACCELERATOR in components.environments[transform.environment_id].resource_hints
    }
    assert with_gpu
    assert {name.split("/", 2)[:2][-1] for name in with_gpu} == {"TranslatePackets"}
    hints = {
        environment.resource_hints[ACCELERATOR]
        for environment in components.environments.values()
        if ACCELERATOR in environment.resource_hints
    }
    assert hints == {GPU.encode()}


def test_all_workers_run_our_image_and_download_nothing(job):
    _, made = job
    payloads = [
        beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image
        for environment in made.proto_pipeline.components.environments.values()
    ]
    assert set(payloads) == {IMAGE}
    staged = {
        beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(item.role_payload).staged_name
        for environment in made.proto_pipeline.components.environments.values()
        for item in environment.dependencies
    }
    assert staged <= {"submission_environment_dependencies.txt"}  # a list for the log


def test_no_main_session_is_pickled_and_secrets_are_nowhere(job):
    options, made = job
    assert not options.view_as(SetupOptions).save_main_session
    assert b"__main__" not in made.proto_pipeline.SerializeToString()


def test_the_request_names_machines_and_options(job):
    _, made = job
    text = str(made)
    assert "tandemqa-build" in text
    assert made.proto.environment.worker_pools == [] or "g2-standard-8" in text


def test_without_an_accelerator_no_step_asks_for_one(tmp_path, questions, apertium):
    _, made = make_job(tmp_path, questions)
    for environment in made.proto_pipeline.components.environments.values():
        assert ACCELERATOR not in environment.resource_hints


def test_an_accelerator_needs_a_named_device(tmp_path, questions, capsys):
    source = questions({"question": "Who?", "passage": "It was Ann."})
    places = ["--input", source, "--output", str(tmp_path / "corpus"), "--languages", "es"]
    with pytest.raises(SystemExit, match="2"):
        run(["build", *places, "--translate-accelerator", GPU])
    assert "needs --device cuda" in capsys.readouterr().err


@pytest.fixture(scope="module")
def parameters():
    return json.loads((TEMPLATE / "metadata.json").read_text(encoding="utf-8"))["parameters"]


def load(name):
    spec = importlib.util.spec_from_file_location(name, TEMPLATE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def launcher():
    return load("launch")


GOOD = {
    "input": "gs://bucket/squad.json squad:gs://bucket/*.json.gz",
    "languages": "es,pt-BR,zh-Hans",
    "output": "gs://bucket/corpora/squad",
    "memory": "gs://bucket/memory",
    "translator": "nllb",
    "model": "/models/nllb-200-distilled-600M",
    "device": "cuda",
    "batch_tokens": "16384",
    "translate_accelerator": GPU,
    "packet_size": "8192",
    "shards": "0",
    "fields": "question=QUESTION passage=CONTEXTS",
    "license": "CC-BY-4.0",
    "exclude": "xquad=gs://bucket/xquad.en.json",
    "limits": "passage_spreads=5 repeats=4",
    "overwrite": "true",
}
BAD = {
    "input": "squad.json",
    "languages": "es;ca",
    "output": "gs://bucket",
    "memory": "gs://bucket/mem*",
    "translator": "google",
    "model": "facebook/nllb",
    "device": "auto",
    "batch_tokens": "many",
    "translate_accelerator": "nvidia-l4",
    "packet_size": "many",
    "shards": "-1",
    "fields": "question",
    "license": "free to use",
    "exclude": "xquad.json",
    "limits": "repeats>4",
    "overwrite": "yes",
}


def test_the_parameters_are_the_options_of_build_as_they_are_now(parameters):
    made = load("make_metadata").make_metadata()
    message = "run: python docker/dataflow/make_metadata.py"
    assert json.loads((TEMPLATE / "metadata.json").read_text(encoding="utf-8")) == made, message
    names = {parameter["name"] for parameter in parameters}
    assert names == set(settings_of(COMMAND.options)) - {"quiet"}


def test_every_parameter_is_explained_and_refuses_what_is_wrong(parameters):
    patterns = {p["name"]: p["regexes"][0] for p in parameters if "regexes" in p}
    assert GOOD.keys() == BAD.keys() <= patterns.keys()
    for name, good in GOOD.items():
        assert re.fullmatch(patterns[name], good), name
        assert not re.fullmatch(patterns[name], BAD[name]), name
    assert all(p["label"] and len(p["helpText"]) > 20 for p in parameters)


def test_the_launcher_understands_every_parameter_and_passes_the_rest_to_beam(launcher):
    given = [f"--{name}={value}" for name, value in GOOD.items()]
    ours, others = launcher.split_arguments([*given, "--runner=DataflowRunner", "--shards="])
    assert others == ["--runner=DataflowRunner"]
    options = make_options(COMMAND.options, ours)
    assert [item.path for item in options.input] == GOOD["input"].split()
    assert options.fields == (("question", "QUESTION"), ("passage", "CONTEXTS"))
    assert [item.set for item in options.exclude] == [GOOD["exclude"]]
    assert options.translate_accelerator == GPU
    assert options.overwrite is True
    assert options.backend.batch_tokens == 16384
    assert options.shards == 0


def test_required_parameters_are_those_of_build(parameters):
    required = {p["name"] for p in parameters if not p.get("isOptional")}
    settings = settings_of(COMMAND.options)
    assert required == {name for name, s in settings.items() if s.field.is_required()}


def test_the_launcher_hands_over_a_job(launcher, tmp_path, questions, apertium, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "apache_beam.runners.dataflow.DataflowRunner.run_pipeline",
        lambda self, pipeline, options: seen.append(pipeline),
    )
    source = questions({"question": "Who?", "passage": "It was Ann."})
    launcher.launch(
        [f"--input={source}", f"--output={tmp_path / 'corpus'}", "--languages=es", *OPTIONS]
    )
    assert len(seen) == 1
    assert not (tmp_path / "corpus" / "manifest.json").exists()
