# A Beam worker with tandemqa. From the root of the repository:
#   docker build -f docker/worker.Dockerfile -t tandemqa-worker:0.1.0 .                        CPU
#   docker build -f docker/worker.Dockerfile --build-arg VARIANT=cuda -t tandemqa-worker:0.1.0-cuda .
#   docker build -f docker/worker.Dockerfile --build-arg VARIANT=cuda --target dataflow ...  the same
#       with models in it, and the launcher of the flex template
# Models are mounted at /models with their cache, or baked in: --target baked or dataflow with
# --build-context models=DIR. They have to be converted already (DIR/cache/tandemqa): torch, which
# only a conversion needs, is not in the image.
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm
ARG BEAM_IMAGE=apache/beam_python3.11_sdk:2.77.0
ARG LAUNCHER_IMAGE=gcr.io/dataflow-templates-base/python311-template-launcher-base:20230622_RC00
ARG VARIANT=cpu

# hadolint ignore=DL3006
FROM ${BEAM_IMAGE} AS beam
# hadolint ignore=DL3006
FROM ${LAUNCHER_IMAGE} AS launcher

# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE} AS base
ENV PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Versions of Apertium's data are recorded in every row; a tag of the base image pins the release.
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        apertium apertium-eng-spa apertium-eng-cat apertium-en-gl apertium-eo-en \
        apertium-es-pt apertium-fra-cat \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/venv \
    && useradd --create-home --uid 10001 worker \
    && mkdir --parents /models/cache \
    && chown --recursive worker /models

WORKDIR /src
COPY constraints.txt ./
# In a layer of their own: they change seldom.
# hadolint ignore=DL3013
RUN pip install --constraint constraints.txt \
        "apache-beam[gcp,aws]" ctranslate2 transformers sentencepiece sacremoses safetensors
COPY setup.py pyproject.toml README.md tandemqa.py ./
COPY schemas ./schemas
COPY translators ./translators
COPY pipelines ./pipelines
COPY trainer ./trainer
RUN pip install --constraint constraints.txt ".[hub,identify]"
COPY --from=beam /opt/apache/beam /opt/apache/beam
# Nothing is downloaded when a worker starts, and logs come out at once.
ENV HF_HUB_OFFLINE=1 HF_HOME=/models XDG_CACHE_HOME=/models/cache PYTHONUNBUFFERED=1
WORKDIR /home/worker
USER 10001
ENTRYPOINT ["/opt/apache/beam/boot"]

FROM base AS cpu

FROM base AS cuda
# What CTranslate2 loads at run time; the driver comes from the host.
RUN pip install nvidia-cublas-cu12==12.9.1.4 nvidia-cudnn-cu12==9.10.2.21
ENV LD_LIBRARY_PATH=/opt/venv/lib/python3.11/site-packages/nvidia/cublas/lib:/opt/venv/lib/python3.11/site-packages/nvidia/cudnn/lib \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

# hadolint ignore=DL3006
FROM ${VARIANT} AS baked
# hadolint ignore=DL3022
COPY --from=models --chown=10001 / /models/

# hadolint ignore=DL3006
FROM baked AS dataflow
COPY --from=launcher /opt/google/dataflow/python_template_launcher \
    /opt/google/dataflow/python_template_launcher
COPY docker/dataflow/launch.py docker/dataflow/metadata.json /template/
ENV FLEX_TEMPLATE_PYTHON_PY_FILE=/template/launch.py

# hadolint ignore=DL3006
FROM ${VARIANT} AS worker
