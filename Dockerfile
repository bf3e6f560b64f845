# Anchorline as an unprivileged user; only /data can be written. docs/operations.md shows how to run it with a read-only root.
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
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin anchorline \
 && mkdir /data && chown 10001:10001 /data && chmod 700 /data
ENV PATH=/opt/anchorline/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    ANCHORLINE_CONFIG=/config/config.toml \
    ANCHORLINE_DATABASE=sqlite:////data/anchorline.db
USER 10001:10001
WORKDIR /data
VOLUME /data
# By the daemon's own address: nothing outside of the container need be able to reach it. No shell and no proxy is involved.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8080/livez', timeout=5)"]
ENTRYPOINT ["anchorline"]
CMD ["serve"]
