# Anchorline as an unprivileged user; only /data can be written. Run with --read-only --cap-drop ALL if you like.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.lock requirements-dev.lock pyproject.toml README.md LICENSE config.example.toml config.schema.json ./
COPY connectors connectors
COPY hub hub
COPY mappings mappings
RUN python -m venv /opt/anchorline \
 && /opt/anchorline/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
 && python -m venv /tmp/build && /tmp/build/bin/pip install --no-cache-dir --require-hashes -r requirements-dev.lock \
 && /tmp/build/bin/python -m hatchling build -t wheel -d /tmp/wheel \
 && /opt/anchorline/bin/pip install --no-cache-dir --no-deps /tmp/wheel/*.whl

FROM python:3.11-slim
COPY --from=build /opt/anchorline /opt/anchorline
RUN useradd --uid 10001 --no-create-home --home-dir /data anchorline && mkdir /data && chown 10001:10001 /data
ENV PATH=/opt/anchorline/bin:$PATH
USER 10001:10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["anchorline"]
CMD ["--help"]
