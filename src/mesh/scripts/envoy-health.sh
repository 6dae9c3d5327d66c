#!/bin/bash
# Health check of an Envoy container: it is live, and each secret named by an argument has been loaded. (/ready alone
# answers LIVE without any certificate.)
: "${ADMIN:=127.0.0.1/9901}"
exec 3<>"/dev/tcp/$ADMIN" || exit 1
printf 'GET /stats?filter=^(server\.state|sds\..*\.update_success)$ HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n' >&3
live=0
loaded=' '
while IFS= read -r -t 2 line <&3; do
  case $line in
    'server.state: 0'*) live=1 ;;
    sds.*.update_success:\ [1-9]*) name=${line#sds.} loaded="$loaded${name%%.*} " ;;
  esac
done
[ "$live" = 1 ] || exit 1
for secret in "$@"; do
  case $loaded in *" $secret "*) ;; *) exit 1 ;; esac
done
