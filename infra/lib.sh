# shellcheck shell=bash
# What run, portal and test share. Sourced, not run.
set -euo pipefail

repo=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
configuration=${PORTAL_CONFIGURATION:-Release}
portal_dll=$repo/src/McpPortal/bin/$configuration/net10.0/McpPortal.dll

export DOTNET_EnableDiagnostics=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
ulimit -c 0

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }

# --- packages ---------------------------------------------------------------------------------------------------------

# install_packages NAME... — with apt as root on Debian and its like; elsewhere says what to do instead.
install_packages() {
  if is_root && command -v apt-get >/dev/null; then
    say "Installing $* …"
    local log
    log=$(mktemp)
    # Run level 1 keeps Debian from starting what it installs as services for the whole machine.
    local -a install=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "$@")
    if ! { "${install[@]}" || { apt-get update && "${install[@]}"; }; } >"$log" 2>&1 </dev/null; then
      tail -n 20 "$log" >&2
      rm -f "$log"
      die "could not install: $*"
    fi
    rm -f "$log"
  else
    die "missing: $*. Install it with your package manager (on Debian, as root: apt-get install $*), or run everything in containers: docker compose -f infra/compose.yaml up"
  fi
}

# build_command WHAT — nothing of a build may stay behind: no compiler server, no build nodes.
build_command() {
  build_command=(dotnet build "$1" -c "$configuration" -v quiet -nologo -nodeReuse:false -p:UseSharedCompilation=false)
}

build() { # build WHAT LOG
  mkdir -p "$(dirname -- "$2")"
  build_command "$1"
  "${build_command[@]}" >"$2" 2>&1
}

# --- processes --------------------------------------------------------------------------------------------------------

# A zombie that its parent has not reaped yet does not count as alive.
alive() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  stat=${stat##*) }
  [ "${stat%% *}" != Z ]
}

# stop_process PID SIGNAL — asks politely, waits ten seconds, then ends the whole process group.
stop_process() {
  local i
  kill -"$2" "$1" 2>/dev/null || true
  for ((i = 0; i < 200; i++)); do
    alive "$1" || break
    sleep 0.05
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# --- the private PostgreSQL ---------------------------------------------------------------------------------------------

# prepare_data DIR — makes DIR absolute in $data and creates it.
prepare_data() {
  mkdir -p -- "$1" || die "cannot create $1"
  data=$(cd -- "$1" && pwd -P)
  # As root PostgreSQL runs as another user, who must get through to its own folder, and sees nothing else.
  if is_root; then chmod 0711 "$data"; else chmod 0700 "$data"; fi
  mkdir -p "$data/logs" "$data/postgres"
  chmod 0700 "$data/logs"
}

find_postgres() {
  local want='' folder
  if [ -s "$data/postgres/version" ]; then want=$(<"$data/postgres/version"); fi
  pg_bin=''
  for folder in "$(dirname -- "$(readlink -f -- "$(command -v initdb || echo /none/none)")")" /usr/pgsql-*/bin /usr/lib/postgresql/*/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_isready" ] && [ -x "$folder/psql" ]; then
      if [ -z "$want" ] || [ "$(pg_major "$folder")" = "$want" ]; then pg_bin=$folder; fi
    fi
  done
  if [ -n "$pg_bin" ]; then return; fi
  if [ -n "$want" ] && compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
    die "$data was made by PostgreSQL $want, which is not installed. Install it, or use another folder with --data."
  fi
  if is_root && command -v apt-get >/dev/null && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    # Only the programs are wanted, not Debian's own cluster for everybody on the machine.
    install_packages postgresql-common
    printf 'create_main_cluster = false\n' >>/etc/postgresql-common/createcluster.conf
  fi
  install_packages postgresql
  for folder in /usr/lib/postgresql/*/bin; do pg_bin=$folder; done
  [ -x "$pg_bin/initdb" ] || die "PostgreSQL was installed, but initdb is not under /usr/lib/postgresql."
}

pg_major() { "$1/postgres" --version | sed -E 's/.* ([0-9]+).*/\1/'; }

# PostgreSQL refuses to run as root. setpriv, unlike runuser, becomes the command, so that the process id is the server's.
choose_postgres_user() {
  as_postgres=(env)
  is_root || return 0
  id postgres >/dev/null 2>&1 || die "there is no user 'postgres' to run PostgreSQL as; install the package postgresql."
  chown postgres "$data/postgres"
  chmod 0700 "$data/postgres"
  as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)
  # stat, not test -x: access(2) ignores the capability of a user who is not root.
  if ! (cd / && "${as_postgres[@]}" stat "$data/postgres/." >/dev/null 2>&1); then
    # The folder lies in root's home: let the server pass through folders, nothing more.
    as_postgres+=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search)
    (cd / && "${as_postgres[@]}" stat "$data/postgres/." >/dev/null 2>&1) ||
      die "the user 'postgres' cannot reach $data. Use a folder that it can reach, for example --data /var/lib/mcpportal"
  fi
}

# A socket's path may have 107 characters; a longer one moves to a short folder of its own that only PostgreSQL's user can enter.
choose_socket() {
  socket=$data/postgres/socket
  if [ ${#socket} -gt 85 ]; then socket=/tmp/mcpportal-$(printf %s "$data" | sha256sum | cut -c1-12); fi
  [ -d "$socket" ] || mkdir -m 0700 "$socket"
  local me=$UID
  if is_root; then
    me=$(id -u postgres)
    [ "$(stat -c %u "$socket")" != 0 ] || chown postgres "$socket"
  fi
  if [ -L "$socket" ] || [ "$(stat -c %u "$socket")" != "$me" ]; then die "$socket belongs to somebody else; remove it, or use a shorter --data."; fi
  chmod 0700 "$socket"
}

cluster_setup() {
  find_postgres
  choose_postgres_user
  choose_socket
  if [ ! -s "$data/postgres/version" ]; then
    # Made under another name first: an interrupted initdb is not taken for a database.
    rm -rf "$data/postgres/new"
    (cd / && "${as_postgres[@]}" "$pg_bin/initdb" -D "$data/postgres/new" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-instructions) \
      >"$data/logs/initdb.log" 2>&1 || { tail -n 20 "$data/logs/initdb.log" >&2; die "could not create a database in $data"; }
    mv "$data/postgres/new" "$data/postgres/data"
    pg_major "$pg_bin" >"$data/postgres/version"
  fi
}

cluster_runs() { (cd / && "${as_postgres[@]}" "$pg_bin/pg_ctl" -D "$data/postgres/data" status >/dev/null 2>&1); }

cluster_stop() { (cd / && "${as_postgres[@]}" "$pg_bin/pg_ctl" -D "$data/postgres/data" stop -m fast -w -t 30 >/dev/null 2>&1) || true; }

# The command that becomes the server: trust is safe, for only its own user (and root) can enter the socket's folder, and no network is listened on.
cluster_command() {
  # shellcheck disable=SC2034
  postgres_command=("${as_postgres[@]}" "$pg_bin/postgres" -D "$data/postgres/data" -c listen_addresses= -c "unix_socket_directories=$socket"
    -c unix_socket_permissions=0700 -c max_connections=200 -c jit=off -c logging_collector=off -c log_destination=stderr)
}

cluster_sql() { "$pg_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$socket" -U postgres -d postgres -c "$1"; }

# cluster_wait PID — until it answers; fails when the process has ended.
cluster_wait() {
  local i
  for ((i = 0; i < 600; i++)); do
    if "$pg_bin/pg_isready" -q -h "$socket" -U postgres; then return 0; fi
    alive "$1" || return 1
    sleep 0.1
  done
  return 1
}

# The migrations' role and the database; the two roles of the portal are made by the migrations.
cluster_database() {
  [ -n "$(cluster_sql "select 1 from pg_roles where rolname = 'portal_owner'")" ] || cluster_sql 'create role portal_owner login createrole'
  [ -n "$(cluster_sql "select 1 from pg_database where datname = 'portal'")" ] || cluster_sql 'create database portal owner portal_owner'
}

# --- the portal's settings ------------------------------------------------------------------------------------------------

portal_environment() {
  export ASPNETCORE_ENVIRONMENT=Development
  export ConnectionStrings__App="Host=$socket;Database=portal;Username=portal_app;Maximum Pool Size=60"
  export ConnectionStrings__System="Host=$socket;Database=portal;Username=portal_system;Maximum Pool Size=40"
  export ConnectionStrings__Migrate="Host=$socket;Database=portal;Username=portal_owner;Pooling=false"
  export Vault__RootKeyFile=$data/root.key
  export Stdio__HiddenPaths__0=$data # no tool program sees keys, sandbox or logs
}

# From the repository root, where appsettings.Development.json is read.
portal() { (cd -- "$repo" && dotnet "$portal_dll" "$@"); }

ensure_root_key() {
  if [ -e "$data/root.key" ]; then return; fi
  [ ! -s "$data/postgres/version" ] ||
    die "$data/root.key is missing, and the data in $data cannot be read without it. Restore it from your copy, or use an empty folder with --data."
  portal keys init --file "$data/root.key"
}
