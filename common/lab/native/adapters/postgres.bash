# What the entrypoint of the image `postgres` does, for a process of this machine: makes the data
# directory at the first start, runs what lies in /docker-entrypoint-initdb.d, becomes the command.
#
# The server refuses to run as root, so as root everything here runs as nobody. Passwords are asked
# for on loopback too, which other people on this machine can reach.
set -euo pipefail

# Run a command as nobody, who may read what root may: the checkout may lie below /root.
become_nobody() {
  local as=(setpriv --reuid=nobody "--regid=$(id -g nobody)" --clear-groups --no-new-privs)
  local capability read=()
  for capability in dac_read_search dac_override; do # a container may lack the first
    # access(2), by which these programs look for each other, minds capabilities with this bit only
    read=(--securebits=+no_setuid_fixup)
    read+=("--inh-caps=-all,+$capability" "--ambient-caps=+$capability")
    if "${as[@]}" "${read[@]}" true 2>/dev/null; then break; else read=(); fi
  done
  exec "${as[@]}" "${read[@]}" --pdeathsig=keep "$@"
}

# Set a variable from the file that NAME_FILE names, as with a secret; $2 stands in for both.
from_file() {
  local file="$1_FILE"
  if [ -n "${!file:-}" ]; then
    [ -z "${!1:-}" ] || fail "both $1 and $file are set"
    export "$1=$(<"${!file}")"
  fi
  export "$1=${!1:-$2}"
  unset "$file"
}

fail() {
  echo "$*" >&2
  exit 1
}

# Print the server processes that work in a data directory.
servers_in() {
  local link
  { find /proc -maxdepth 2 -name cwd -lname "$1" 2>/dev/null || true; } | while read -r link; do
    if [ "$(cat "${link%cwd}comm" 2>/dev/null)" = postgres ]; then basename "${link%/cwd}"; fi
  done
}

end_servers_in() {
  local pids
  while pids=$(servers_in "$1") && [ -n "$pids" ]; do
    kill -KILL $pids 2>/dev/null || true
    sleep 0.05
  done
}

# A server that was killed may leave children, and postmaster.pid with a number that somebody else
# may have by now: either would keep it from starting again. Of one that lives it says so itself.
clean_up_after_a_crash() {
  local pid
  [ -e "$PGDATA/postmaster.pid" ] || return 0
  pid=$(head -n 1 "$PGDATA/postmaster.pid")
  if servers_in "$PGDATA" | grep -x "$pid" >/dev/null; then return 0; fi
  end_servers_in "$PGDATA"
  rm -f "$PGDATA/postmaster.pid"
}

# Run what the system brings for a first start.
run_first_start() {
  local file
  for file in "$LAB_FIRST_START"/*; do
    case "$file" in
      "$LAB_FIRST_START/*") ;; # there is nothing
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) run_sql <"$file" ;;
      *.sql.gz) gunzip -c "$file" | run_sql ;;
      *) echo "ignoring $file" ;;
    esac
  done
}

run_sql() {
  psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password -U "$POSTGRES_USER" -d "$POSTGRES_DB"
}

# Make the data directory, in a place aside: an interrupted first start begins anew.
make_data_directory() {
  from_file POSTGRES_PASSWORD ""
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS ""
  local final=$PGDATA auth=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  [ -n "$POSTGRES_PASSWORD" ] || [ "$auth" = trust ] ||
    fail "the superuser has no password: give POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"
  [ -z "${POSTGRES_INITDB_WALDIR:-}" ] || fail "natively there is no POSTGRES_INITDB_WALDIR"
  export PGDATA=$final/.making
  if [ -e "$PGDATA" ]; then
    end_servers_in "$PGDATA"
    find "$final" -mindepth 1 -delete
  fi
  # One sync of the file system takes a fraction of the time that one of each file does.
  set -- --username="$POSTGRES_USER" --auth="$auth" --sync-method=syncfs
  [ -z "$POSTGRES_PASSWORD" ] || set -- "$@" --pwfile=/dev/stdin
  # shellcheck disable=SC2086 - these are words
  initdb "$@" --encoding=UTF8 --locale=C.UTF-8 $POSTGRES_INITDB_ARGS \
    <<<"$POSTGRES_PASSWORD" >/dev/null

  # Not on TCP, where health checks would find it; an abstract socket has no path to be too long.
  export PGHOST=@lab PGPASSWORD=$POSTGRES_PASSWORD
  pg_ctl start --wait --silent -o "-c listen_addresses= -c unix_socket_directories=@lab -p $PGPORT"
  [ "$POSTGRES_DB" = postgres ] ||
    createdb --username="$POSTGRES_USER" --no-password "$POSTGRES_DB"
  run_first_start
  pg_ctl stop --wait --silent --mode=fast

  find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$final" {} +
  mv "$PGDATA/PG_VERSION" "$final" # last: it says that all is there
  rmdir "$PGDATA"
}

[ $# -gt 0 ] && [ "${1#-}" = "$1" ] || set -- postgres "$@"
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" "$TMPDIR" "$(dirname "$(command -v postgres)")" ! -user nobody \
    -exec chown --no-dereference nobody {} +
  chmod 700 "$PGDATA"
  become_nobody bash "$0" "$@"
fi
mkdir -p "$PGDATA"
chmod 700 "$PGDATA"
PGDATA=$(cd "$PGDATA" && pwd -P)
if [ "$1" = postgres ]; then
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    trap 'exit 130' INT TERM # bash heeds it while it waits for a background job only
    (make_data_directory) &  # what it sets is not for the server
    wait $!
    trap - INT TERM
  fi
  clean_up_after_a_crash
fi
exec "$@"
