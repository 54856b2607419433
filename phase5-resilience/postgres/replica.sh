#!/bin/bash
# A streaming replica: begins as a copy of the primary, and anew when it has been away for so long
# that the primary no longer has what it missed.
set -eu
PGPASSWORD=$(<"$REPLICATION_PASSWORD_FILE")
export PGPASSWORD

at_primary() { psql -qAt --no-psqlrc --dbname "$PRIMARY" --command "$1"; }
slot="pg_replication_slots WHERE slot_name = 'replica'"

if [ ! -e "$PGDATA/backup_manifest" ] || [ "$(at_primary "SELECT wal_status FROM $slot")" = lost ]; then
  find "$PGDATA" -mindepth 1 -delete
  chmod 700 "$PGDATA"
  at_primary "SELECT pg_drop_replication_slot(slot_name) FROM $slot"
  pg_basebackup --dbname "$PRIMARY" --pgdata "$PGDATA" --create-slot --slot replica \
    --checkpoint fast --sync-method syncfs
  touch "$PGDATA/standby.signal"
fi
# An address can change from start to start, so that it is said here and not in the copy.
exec docker-entrypoint.sh postgres -c hot_standby=on \
  -c primary_conninfo="$PRIMARY" -c primary_slot_name=replica "$@"
