#!/bin/sh
# Starts devpi-server. The first start creates its database, with root's password from the file
# DEVPI_ROOT_PASSWORD_FILE, and the secret that signs login tokens: kept on the volume, it lets the
# tokens of the workers outlive a restart.
set -eu

if [ ! -e "$DEVPISERVER_SECRETFILE" ]; then
    devpi-gen-secret --secretfile "$DEVPISERVER_SECRETFILE"
fi

if [ ! -e "$DEVPISERVER_SERVERDIR" ]; then
    password=$(cat "$DEVPI_ROOT_PASSWORD_FILE")
    if [ -z "$password" ]; then
        echo "devpi's root would have no password: $DEVPI_ROOT_PASSWORD_FILE is empty. Run ./secrets.sh first." >&2
        exit 1
    fi
    # Renamed into place when it is whole, so that an interrupted first start is simply made again.
    rm -rf "$DEVPISERVER_SERVERDIR.new"
    DEVPISERVER_SERVERDIR=$DEVPISERVER_SERVERDIR.new DEVPISERVER_ROOT_PASSWD=$password devpi-init
    mv "$DEVPISERVER_SERVERDIR.new" "$DEVPISERVER_SERVERDIR"
fi

exec devpi-server "$@"
