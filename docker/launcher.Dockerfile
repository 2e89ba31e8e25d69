# Launches builds on Flink: the worker image with Java and Beam's job server. After the worker:
#   docker build -f docker/launcher.Dockerfile -t tandemqa-launcher:0.1.0 .
ARG WORKER=tandemqa-worker:0.1.0
# hadolint ignore=DL3006
FROM ${WORKER}
ARG JOB_SERVER=https://repo1.maven.org/maven2/org/apache/beam/beam-runners-flink-2.2-job-server/2.77.0/beam-runners-flink-2.2-job-server-2.77.0.jar
USER 0
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/*
# A URL, whatever its variable hides.
# hadolint ignore=DL3020
ADD --chmod=644 ${JOB_SERVER} /opt/beam/beam-runners-flink-job-server.jar
USER 10001
ENTRYPOINT ["tandemqa"]
