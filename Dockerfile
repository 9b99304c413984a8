# One image for every process; compose says which one it is.
FROM node:22-bookworm-slim AS node
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.12-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
WORKDIR /app
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY . .
COPY --from=node /src/node_modules node_modules
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && python -m incident.web.assets && python -m incident.papers.fonts && rm -rf node_modules \
    && useradd --system --home /app incident && mkdir -p /data && chown incident /data
USER incident
ENV DATA_DIR=/data
EXPOSE 8000
CMD ["incident", "serve"]
