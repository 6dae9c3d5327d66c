#!/bin/bash
# First container of a task (Envoy's own image, user 0): lays out what ECS put into its environment.
#   MESH_CERT_CHAIN MESH_PRIVATE_KEY MESH_CA_BUNDLE   keys of the service's secret
#   MESH_BOOTSTRAP MESH_SDS_LEAF MESH_SDS_TRUST       Envoy's configuration, gzip in base64
# Keys go to a new directory that is swapped in by one rename, so that Envoy never sees half of a pair.
set -euo pipefail
umask 077
: "${KEYS:=/keys}" "${CONF:=/etc/mesh}" "${TEMPORARY:=/tmp}" "${MESH_UID:=1337}"

# Fargate gives a volume to root alone; the application may be anybody.
chmod 1777 "$TEMPORARY"

generation=g$(date +%s%N)
dir=$KEYS/$generation
mkdir "$dir"
printf '%s\n' "$MESH_CERT_CHAIN" >"$dir/cert_chain.pem"
printf '%s\n' "$MESH_PRIVATE_KEY" >"$dir/private_key.pem"
printf '%s\n' "$MESH_CA_BUNDLE" >"$dir/ca_bundle.pem"
grep -q 'BEGIN CERTIFICATE' "$dir/cert_chain.pem"
grep -q 'BEGIN CERTIFICATE' "$dir/ca_bundle.pem"
grep -q 'PRIVATE KEY' "$dir/private_key.pem"

chmod 0400 "$dir"/*.pem
chmod 0500 "$dir"
chown -R "$MESH_UID:$MESH_UID" "$dir"
chmod 0755 "$KEYS"
ln -s "$generation" "$KEYS/.next-$generation"
mv -T "$KEYS/.next-$generation" "$KEYS/current"

mkdir -p "$CONF/sds"
printf '%s' "$MESH_BOOTSTRAP" | base64 -d | gzip -d >"$CONF/envoy.json"
printf '%s' "$MESH_SDS_LEAF" | base64 -d | gzip -d >"$CONF/sds/leaf.json"
printf '%s' "$MESH_SDS_TRUST" | base64 -d | gzip -d >"$CONF/sds/trust.json"
chmod -R a+rX "$CONF"
