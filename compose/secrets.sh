#!/bin/sh
# Creates what is missing in secrets/, and changes nothing that is there.
#
# Compose mounts each file with the owner and mode that it has here, and every container runs as a user
# of its own. So the files are readable for all, and the directory keeps the users of this machine out.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

random() {
    od -A n -N 32 -t x1 /dev/urandom | tr -d ' \n'
}

create() { # NAME CONTENT; renamed into place, so that an interrupted call leaves no half-written secret
    if [ ! -e "secrets/$1" ]; then
        printf '%s' "$2" >"secrets/.$1"
        chmod 644 "secrets/.$1"
        mv "secrets/.$1" "secrets/$1"
        echo "created secrets/$1"
    fi
}

create postgres_password "$(random)"
create database_url "postgresql+psycopg://syncer:$(cat secrets/postgres_password)@postgres:5432/syncer"
create redis_password "$(random)"
create broker_url "redis://:$(cat secrets/redis_password)@redis:6379/0"
create gitea_secret_key "$(random)"
create devpi_root_password "$(random)"
create devpi_password "$(random)"
create web_password "$(random)"
create gitea_token ""

if [ ! -s secrets/gitea_token ]; then
    echo "secrets/gitea_token is empty: put the access token of Gitea into it (README.md, first run)."
fi
