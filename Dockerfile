# The whole system without Node.js on the host: `docker compose up`, then open the printed URL.
# It is for evaluation and development; for production use `npm run deploy` (docs/deploying.md).
FROM node:24-bookworm-slim
WORKDIR /ovation
COPY package.json package-lock.json .npmrc ./
# Without the scripts, of which `prepare` needs the sources.
RUN npm ci --ignore-scripts && npm cache clean --force
COPY . .
# Builds everything that a first start would write, because the checkout is read-only at run time.
RUN npm run warm && mkdir /data && chown node:node /data
USER node
# Listens on all addresses of the container; the published port decides who can reach it.
ENV HOST=0.0.0.0 PORT=4000 DATA_DIR=/data WATCH=off
# glibc keeps freed memory in arenas for each thread; two instead of sixteen save 40 MB.
ENV MALLOC_ARENA_MAX=2
VOLUME /data
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "-r", "./bin/installed.cjs", "bin/local.js"]
