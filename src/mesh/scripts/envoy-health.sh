#!/bin/bash
# Health check of an Envoy container: it is live, each secret named by an argument has been loaded, and the application
# passes Envoy's own check of it, so that the task counts as healthy when both are ready. All are asked, because /ready answers
# LIVE without any certificate, and the gauge server.state is 0 (live) until it is first set.
: "${ADMIN:=127.0.0.1/9901}"

admin() { # PATH: prints the answer
  exec 3<>"/dev/tcp/$ADMIN" || return 1
  printf 'GET %s HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n' "$1" >&3
  local line
  while IFS= read -r -t 2 line <&3; do printf '%s\n' "$line"; done
  exec 3>&-
}

case $(admin /ready) in 'HTTP/1.1 200'*) ;; *) exit 1 ;; esac
loaded=$(admin '/stats?filter=^(sds\..*\.update_success|cluster\.local_app\.membership_healthy)$')
case $loaded in *'local_app.membership_healthy: '[1-9]*) ;; *) exit 1 ;; esac
for secret in "$@"; do
  case $loaded in *"sds.$secret.update_success: "[1-9]*) ;; *) exit 1 ;; esac
done
