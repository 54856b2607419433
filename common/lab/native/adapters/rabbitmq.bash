# What the entrypoint of the image `rabbitmq` does, for a process of this machine; its programs, too,
# run through here, so that they find their server: rabbitmq.bash PROGRAM [ARGUMENT…]
#
# A server is a whole Erlang node: it gets a home and cookie, a configuration, and an epmd (Erlang's
# name service) of its own, so that no two of them, nor the system's, know of each other.
set -euo pipefail

fail() {
  echo "$*" >&2
  exit 1
}

refuse_what_would_have_no_effect() {
  local name
  for name in RABBITMQ_{NODE_PORT,NODE_IP_ADDRESS,DIST_PORT,MNESIA_BASE,CONFIG_FILE,CONFIG_FILES} \
    RABBITMQ_{ADVANCED_CONFIG_FILE,ENABLED_PLUGINS_FILE,CONF_ENV_FILE}; do
    [ -z "${!name:-}" ] || fail "natively there is no $name: ports and places are settled"
  done
  for name in RABBITMQ_{DEFAULT_USER_FILE,DEFAULT_PASS_FILE,VM_MEMORY_HIGH_WATERMARK}; do
    [ -z "${!name:-}" ] || fail "there is no $name any more, in the image neither"
  done
  case "$RABBITMQ_NODENAME" in
    *@localhost) ;;
    *) fail "natively RABBITMQ_NODENAME ends in @localhost" ;;
  esac
  for name in "$LAB_ADVANCED" "$LAB_PLUGINS"; do
    ! mounted "$name" || fail "natively rabbitmq.conf and conf.d are read, and not $name"
  done
}

# What compose.yaml does not mount keeps its path in the image.
mounted() {
  case "$1" in
    /etc/rabbitmq/*) return 1 ;;
  esac
  [ -e "$1" ]
}

# Print what compose.yaml mounts, without what is settled here: where the server listens.
given_configuration() {
  local files=()
  if mounted "$LAB_CONFIGURATION"; then files+=("$LAB_CONFIGURATION"); fi
  if mounted "$LAB_MORE_CONFIGURATION"; then files+=("$LAB_MORE_CONFIGURATION"/*.conf); fi
  [ ${#files[@]} = 0 ] ||
    sed -E '/^[[:space:]]*(listeners|management|prometheus)\.tcp\./d' -- "${files[@]}"
}

write_configuration() {
  local given
  given=$(given_configuration)
  if grep -qE '^[[:space:]]*[a-z.]*listeners?\.ssl' <<<"$given"; then
    fail "natively there is no TLS: everything is on loopback"
  fi
  grep -qE '^[[:space:]]*vm_memory_high_watermark\.' <<<"$given" ||
    echo "vm_memory_high_watermark.absolute = 256MiB" # the default is 40 % of the machine's
  cat <<EOF
$given
listeners.tcp.lab = 127.0.0.1:$LAB_AMQP_PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $LAB_PAGES_PORT
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = $LAB_METRICS_PORT
EOF
}

# Without a name and a password the server would make the user guest, whose password everybody knows.
require_credentials() {
  if [ -z "${RABBITMQ_DEFAULT_USER:-}" ] || [ -z "${RABBITMQ_DEFAULT_PASS:-}" ]; then
    grep -qE '^[[:space:]]*(default_pass|load_definitions)[[:space:]]*=' "$RABBITMQ_CONFIG_FILE" ||
      fail "the broker has no user: give RABBITMQ_DEFAULT_USER and RABBITMQ_DEFAULT_PASS"
  fi
}

make_cookie() {
  local cookie=$HOME/.erlang.cookie # the one place where Erlang looks
  [ -s "$cookie" ] || {
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$cookie.new"
    chmod 400 "$cookie.new"
    mv "$cookie.new" "$cookie"
  }
}

[ "${1##*/}" != rabbitmq-server ] || refuse_what_would_have_no_effect

work=$TMPDIR/rabbitmq
loopback='-kernel inet_dist_use_interface {127,0,0,1}' # for the connections between Erlang nodes
export HOME=$LAB_DATA ERL_EPMD_ADDRESS=127.0.0.1 ERL_CRASH_DUMP_SECONDS=0
export RABBITMQ_CONF_ENV_FILE=/dev/null # not the system's, which is read otherwise
export RABBITMQ_CONFIG_FILE=$work/rabbitmq.conf RABBITMQ_CONFIG_FILES=$work/none
export RABBITMQ_ADVANCED_CONFIG_FILE=$work/none.config
export RABBITMQ_ENABLED_PLUGINS_FILE=$work/enabled_plugins
export RABBITMQ_MNESIA_BASE=$LAB_DATA/mnesia RABBITMQ_DIST_PORT=$LAB_DISTRIBUTION_PORT
export RABBITMQ_LOGS=- RABBITMQ_LOG_BASE=$work/log
export RABBITMQ_CTL_ERL_ARGS=$loopback
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="${RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:-} $loopback"
[ "${1##*/}" = rabbitmq-server ] || exec "$@"

umask 077
mkdir -p "$work"
write_configuration >"$RABBITMQ_CONFIG_FILE"
require_credentials
make_cookie
echo '[rabbitmq_management,rabbitmq_prometheus].' >"$RABBITMQ_ENABLED_PLUGINS_FILE"

# An epmd that the server would start leaves its process group, and so outlives it.
env -u RABBITMQ_DEFAULT_PASS setpriv --pdeathsig KILL epmd &
RUNNING_UNDER_SYSTEMD=true exec "$@" # becomes Erlang, which hears signals itself
