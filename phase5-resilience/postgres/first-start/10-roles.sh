#!/bin/bash
# The primary's first start: who may do what. The passwords are secrets, in files.
set -euo pipefail

app=$(<"$APP_PASSWORD_FILE")
auth=$(<"$AUTH_PASSWORD_FILE")
profiles=$(<"$PROFILES_PASSWORD_FILE")
messages=$(<"$MESSAGES_PASSWORD_FILE")
replicator=$(<"$REPLICATION_PASSWORD_FILE")
observer=$(<"$OBSERVER_PASSWORD_FILE")
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set app="$app" --set auth="$auth" --set profiles="$profiles" --set messages="$messages" \
  --set replicator="$replicator" --set observer="$observer" <<'SQL'
-- Each service owns its database, and cannot even connect to another's.
CREATE ROLE app LOGIN PASSWORD :'app';
ALTER DATABASE app OWNER TO app;
ALTER SCHEMA public OWNER TO app;
CREATE ROLE auth LOGIN PASSWORD :'auth';
CREATE DATABASE auth OWNER auth;
CREATE ROLE profiles LOGIN PASSWORD :'profiles';
CREATE DATABASE profiles OWNER profiles;
CREATE ROLE messages LOGIN PASSWORD :'messages';
CREATE DATABASE messages OWNER messages;
REVOKE CONNECT ON DATABASE app, auth, profiles, messages FROM PUBLIC;
-- The replica: may follow the log.
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replicator';
-- The exporter: may read the server's numbers, and no table.
CREATE ROLE observer LOGIN PASSWORD :'observer' CONNECTION LIMIT 4 IN ROLE pg_monitor;
SQL
echo "host replication replicator all scram-sha-256" >>"$PGDATA/pg_hba.conf"
