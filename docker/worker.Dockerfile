# A Beam worker with tandemqa and Apertium, built from the repository root:
#   docker build -f docker/worker.Dockerfile -t tandemqa-worker .
# Neural models are mounted at /models or baked in by a stage of your own; nothing is downloaded
# when a worker starts.
ARG BEAM=2.77.0
FROM apache/beam_python3.11_sdk:${BEAM}

ARG EXTRAS=hub
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        apertium apertium-eng-spa apertium-eng-cat apertium-en-gl apertium-eo-en \
        apertium-es-pt apertium-fra-cat \
    && rm -rf /var/lib/apt/lists/*

COPY . /tmp/tandemqa
RUN pip install --no-cache-dir --constraint /tmp/tandemqa/constraints.txt \
        "/tmp/tandemqa[${EXTRAS}]" \
    && rm -rf /tmp/tandemqa \
    && useradd --create-home worker

ENV HF_HUB_OFFLINE=1 HF_HOME=/models
USER worker
