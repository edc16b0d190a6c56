# Afterclose with both browsers, for machines that have neither. See docs/ci.md, "In a container".
#
#   docker build -t afterclose .
#   docker run --rm --init --shm-size=1g --security-opt seccomp=seccomp_profile.json \
#       -v "$PWD:/work" afterclose run
#
# Chromium's sandbox makes user namespaces, which Docker's default seccomp profile forbids. To give
# it --no-sandbox would be to test a browser that nobody uses; what is allowed instead is clone,
# setns and unshare, by the profile that Playwright publishes. Where no profile can be given,
# --cap-add=SYS_ADMIN allows the same, and more. As root Chromium would run without its sandbox.
FROM debian:bookworm

# Debian's newest browsers are what is measured: no version is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        chromium firefox-esr make python3 python3-pip python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/afterclose
COPY Makefile pyproject.toml requirements.lock README.md LICENSE ./
COPY harness harness
COPY afterclose afterclose
COPY scenarios scenarios
RUN make .venv/installed && ln -s /opt/afterclose/.venv/bin/afterclose /usr/local/bin/afterclose

RUN useradd --create-home --uid 1000 afterclose && install -d -o afterclose /work
# By number, so that whoever starts it can see that it is not root.
USER 1000
WORKDIR /work
ENTRYPOINT ["afterclose"]
