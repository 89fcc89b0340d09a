#!/bin/sh
# Stands in for HAProxy where Ray Serve starts it. Serve's generated configuration opens its metrics and its
# statistics page to every interface and its admin socket to every user, and has no setting for either:
# this narrows the file that it is about to be started with, then becomes HAProxy.
previous=
for argument; do
    if [ "$previous" = "-f" ]; then
        sed -i -E \
            -e 's/^([[:space:]]*bind)[[:space:]]+\*?:([0-9]+)[[:space:]]*$/\1 127.0.0.1:\2/' \
            -e 's/mode 666 level admin/mode 600 level admin/' \
            "$argument"
    fi
    previous=$argument
done
exec "$UNMOGROW_HAPROXY_BINARY" "$@"
