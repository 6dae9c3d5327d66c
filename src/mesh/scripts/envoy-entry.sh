#!/bin/bash
# PID 1 of an Envoy container; the arguments are Envoy's. ECS sends SIGTERM, at which Envoy itself would exit at once and
# cut off what is in flight. Instead: tell everybody to go elsewhere, serve on until they have, then stop.
# Needs bash and sleep only: the stock image has no curl.
: "${ADMIN:=127.0.0.1/9901}" "${DRAIN_MIN:=20}" "${DRAIN_MAX:=90}" "${ENVOY:=envoy}"

admin() { # METHOD PATH: prints the answer
  exec 3<>"/dev/tcp/$ADMIN" || return 1
  printf '%s %s HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 0\r\n\r\n' "$1" "$2" >&3
  local line
  while IFS= read -r -t 2 line <&3; do printf '%s\n' "$line"; done
  exec 3>&-
}

active() { # prints the number of requests in flight
  local sum=0 line
  while read -r line; do
    case $line in *rq_active:\ *) line=${line##*: } sum=$((sum + ${line//[!0-9]/})) ;; esac
  done < <(admin GET '/stats?filter=^http\.(mesh_inbound|ingress|egress)\.downstream_rq_active$')
  echo "$sum"
}

drain() {
  trap '' TERM INT
  draining=1
  echo "drain: begins"
  # Health checks get 503, callers a GOAWAY or "connection: close"; new connections are still served.
  admin POST /healthcheck/fail >/dev/null
  local elapsed=0 left=unknown
  while [ "$elapsed" -lt "$DRAIN_MAX" ]; do
    sleep 1
    elapsed=$((elapsed + 1))
    # Not before name service (time to live and refresh) and load balancer have let go.
    [ "$elapsed" -lt "$DRAIN_MIN" ] && continue
    left=$(active)
    [ "$left" = 0 ] && break
  done
  echo "drain: ends after ${elapsed} s, in flight: $left"
  kill -TERM "$child"
}

"$ENVOY" "$@" &
child=$!
draining=0
status=0
trap drain TERM INT
# `wait` returns early when the trap has run; Envoy's own status is that of the last one.
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  status=$?
done
# An end that was asked for is no failure; an Envoy that died otherwise is.
[ "$draining" = 1 ] && exit 0
exit "$status"
