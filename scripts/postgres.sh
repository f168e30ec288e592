#!/bin/sh
# A private PostgreSQL cluster for tests and demos: postgres.sh start|start-tls|stop|url DIR
# `start-tls`: takes TLS connections only, with a certificate for "localhost" signed by DIR/ca.pem (its own, made by openssl).
# `start` and `url` print the server's URL. Listens on loopback and a socket in DIR; trusts local users: never for a service.
set -eu

usage() { echo "usage: $0 start|start-tls|stop|url DIR" >&2; exit 2; }
[ $# -eq 2 ] || usage
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
data=$dir/data
log=$dir/server.log

bin=
for candidate in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n -r) $(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)"); do
    if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then bin=$candidate; break; fi
done
[ -n "$bin" ] || { echo "postgres.sh: no PostgreSQL server is installed" >&2; exit 1; }

# PostgreSQL refuses to run as root: its own account does, or else nobody.
account=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    account=postgres
    id "$account" >/dev/null 2>&1 || account=nobody
fi
as() {
    if [ "$(id -un)" = "$account" ]; then "$@"
    elif command -v setpriv >/dev/null 2>&1; then setpriv --reuid="$account" --regid="$(id -g "$account")" --clear-groups "$@"
    else runuser -u "$account" -- "$@"
    fi
}

url() {
    if [ -r "$dir/ca.pem" ]; then echo "postgres://tzxm@localhost:$(cat "$dir/port")/postgres?sslmode=verify-full&sslrootcert=$dir/ca.pem"
    else echo "postgres://tzxm@127.0.0.1:$(cat "$dir/port")/postgres"; fi
}
running() { [ -s "$data/postmaster.pid" ] && as "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }

# A port nothing listens on: ask pg_isready (2 = no answer), from a start that differs between processes.
free_port() {
    port=$((20000 + $$ % 20000))
    while "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" || [ $? -ne 2 ]; do port=$((port + 1)); done
    echo "$port"
}

# A certificate authority of its own and a certificate of the server, good for a day of tests.
certificates() {
    [ ! -r "$dir/ca.pem" ] || return 0
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=tzxm test CA" -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' >"$dir/server.ext"
    openssl x509 -req -days 2 -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -extfile "$dir/server.ext" -out "$dir/server.pem" 2>/dev/null
    chmod 600 "$dir/server.key"
    [ "$(id -u)" -ne 0 ] || chown "$account" "$dir/server.key" "$dir/server.pem"
}

start() {
    if running; then return; fi
    # The account must be able to reach DIR from the root down; `as test -x` says so before initdb does less clearly.
    [ "$(id -u)" -ne 0 ] || chown "$account" "$dir"
    as test -w "$dir" -a -x "$dir" || { echo "postgres.sh: $account cannot reach $dir" >&2; exit 1; }
    [ -s "$data/PG_VERSION" ] || as "$bin/initdb" -D "$data" -U tzxm -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
    for attempt in 1 2 3 4 5; do
        free_port >"$dir/port"
        # A socket's path has at most about 100 characters; loopback serves when DIR is deeper.
        socket=$dir
        [ ${#dir} -lt 90 ] || socket=
        options="-c listen_addresses=127.0.0.1 -c port=$(cat "$dir/port") -c unix_socket_directories='$socket'"
        options="$options -c max_connections=200 -c shared_buffers=64MB -c max_wal_size=256MB -c fsync=on"
        if [ "$action" = start-tls ]; then
            certificates
            echo "hostssl all all 127.0.0.1/32 trust" >"$data/pg_hba.conf"
            echo "hostssl all all ::1/128 trust" >>"$data/pg_hba.conf"
            options="$options -c ssl=on -c ssl_min_protocol_version=TLSv1.2 -c ssl_cert_file=$dir/server.pem -c ssl_key_file=$dir/server.key"
        fi
        if as "$bin/pg_ctl" -D "$data" -l "$log" -w -t 60 -o "$options" start >/dev/null 2>&1; then return; fi
    done
    [ ! -r "$log" ] || tail -20 "$log" >&2
    echo "postgres.sh: the server did not start" >&2
    exit 1
}

case $action in
    start | start-tls) start; url ;;
    stop) if running; then as "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null; fi ;;
    url) running || { echo "postgres.sh: not running in $dir" >&2; exit 1; }; url ;;
    *) usage ;;
esac
