# The current LTS. A release pins it to what it was tested with: --build-arg NODE_IMAGE=node:26-slim@sha256:...
ARG NODE_IMAGE=node:26-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/setup.mjs scripts/sbom.ts scripts/
COPY src/ src/
RUN npm run build && npm run --silent sbom -- sbom.cdx.json

FROM ${NODE_IMAGE} AS dependencies
# --omit=optional leaves out what OTEL_EXPORTER_OTLP_ENDPOINT needs (docs/dependencies.md).
ARG NPM_OPTIONS=""
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts ${NPM_OPTIONS}

# All modules are compiled once, so that no start has to. Node.js keeps what it compiled for each user apart: this is the
# one of below, and for each set of its flags.
FROM dependencies AS compiled
COPY --from=build /app/dist/ dist/
RUN install --directory --owner=1000 --group=1000 compile-cache
USER 1000:1000
RUN NODE_COMPILE_CACHE=/app/compile-cache \
  node --enable-source-maps --heap-growing-percent=120 --input-type=module --eval "await import('/app/dist/gateway.js')"

FROM ${NODE_IMAGE}
ARG VERSION=""
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="CookiePay refund gateway" \
      org.opencontainers.image.description="The one door to CookiePay's cancel API: refunds that move money at most once" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
WORKDIR /app
COPY package.json ./
COPY --from=dependencies /app/node_modules/ node_modules/
COPY --from=build /app/sbom.cdx.json ./
COPY --from=build /app/dist/ dist/
COPY --from=compiled --chown=1000:1000 /app/compile-cache/ compile-cache/
# Reachable from outside the container, so API_KEYS and STORE_SECRETS are required; so is REDIS_URL, since the
# image holds no redis-server.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 NODE_COMPILE_CACHE=/app/compile-cache
# By its number: Kubernetes cannot tell of a name that it is not root's. Nothing is written to the file system.
USER 1000:1000
EXPOSE 3000
# Liveness, in plain HTTP: with TLS, set OPERATIONS_PORT. /readyz is for whatever sends the traffic: a restart does not mend a Redis that is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.OPERATIONS_PORT || process.env.PORT) + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1))"]
# A refund leaves much behind that V8 keeps for long where it may: this is 70 MiB less, for hardly more work.
CMD ["node", "--enable-source-maps", "--heap-growing-percent=120", "dist/server.js"]
