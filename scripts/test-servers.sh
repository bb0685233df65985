#!/usr/bin/env bash
# Runs a command with throw-away PostgreSQL and Redis servers:
#
#     scripts/test-servers.sh run -- go test ./...
#
# Servers that TEST_DATABASE_URL or TEST_REDIS_URL name are used instead. What is
# not installed is installed if that needs no password (apt-get as root, brew);
# else the script fails and says what to type. Everything it starts ends with it.
set -euo pipefail

usage() {
	echo "usage: $0 run -- COMMAND [ARGUMENT…]" >&2
	exit 2
}

[[ ${1-} == run && ${2-} == -- && $# -ge 3 ]] || usage
shift 2

folder=
postgres=
redis=

stop() {
	trap - EXIT INT TERM HUP
	[[ -z $redis ]] || kill -TERM "$redis" 2>/dev/null || true
	[[ -z $postgres ]] || kill -INT "$postgres" 2>/dev/null || true
	wait 2>/dev/null || true
	[[ -z $folder ]] || rm -rf "$folder"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	echo "$0: $*" >&2
	exit 1
}

# install APT-PACKAGE BREW-PACKAGE: brings what is missing, or says how.
install() {
	if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
		echo "$0: installing $1" >&2
		{ DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" ||
			{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1"; }; } \
			>"$folder/install.log" 2>&1 || { cat "$folder/install.log" >&2; fail "could not install $1"; }
	elif command -v brew >/dev/null; then
		echo "$0: installing $2" >&2
		HOMEBREW_NO_AUTO_UPDATE=1 brew install "$2" >"$folder/install.log" 2>&1 ||
			{ cat "$folder/install.log" >&2; fail "could not install $2"; }
	elif command -v apt-get >/dev/null; then
		fail "run this first: sudo apt-get install $1"
	else
		fail "install $1 with this system's package manager first"
	fi
}

# find PROGRAM: prints where it is, on the path or in the usual places off it.
find_program() {
	local found path
	if found=$(command -v "$1"); then
		echo "$found"
		return
	fi
	found=
	for path in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin \
		/usr/local/opt/postgresql*/bin /opt/homebrew/bin /usr/local/bin; do
		[[ ! -x $path/$1 ]] || found=$path/$1 # the last is the newest
	done
	[[ -n $found ]] && echo "$found"
}

# need PROGRAM APT-PACKAGE BREW-PACKAGE: prints where PROGRAM is, installing it if need be.
need() {
	find_program "$1" && return
	install "$2" "$3" >&2
	find_program "$1" || fail "$2 was installed, but $1 can't be found"
}

# listening PORT: tells whether somebody answers there.
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# choose_port sets port to one that nobody answers on, below the range from
# which the system itself hands out ports. Two scripts may choose the same one:
# then one server does not start, and the caller chooses again.
choose_port() {
	port=$((15000 + RANDOM % 10000))
	while listening "$port"; do port=$((15000 + RANDOM % 10000)); done
}

# await PID PORT: waits until the process answers on the port, or has ended.
await() {
	local tries
	for ((tries = 0; tries < 300; tries++)); do
		kill -0 "$1" 2>/dev/null || return 1
		! listening "$2" || return 0
		sleep 0.1
	done
	return 1
}

# ordinary runs a command as an account that is not root: PostgreSQL insists.
# It replaces this shell, so that the process id is the command's own.
ordinary() {
	if [[ $(id -u) != 0 ]]; then
		exec "$@"
	fi
	if command -v setpriv >/dev/null; then
		exec setpriv --reuid="$account" --regid="$(id -g "$account")" --clear-groups -- "$@"
	fi
	exec su -m "$account" -c 'exec "$0" "$@"' -- "$@"
}

start_postgres() {
	local initdb server attempt
	initdb=$(need initdb postgresql postgresql)
	server=$(dirname "$initdb")/postgres
	[[ -x $server ]] || server=$(need postgres postgresql postgresql)
	account=$(id -un)
	if [[ $account == root ]]; then
		account=nobody
		! id postgres >/dev/null 2>&1 || account=postgres
	fi
	mkdir "$folder/postgres"
	[[ $(id -u) != 0 ]] || chown "$account" "$folder/postgres"
	(cd "$folder/postgres" && ordinary "$initdb" --pgdata "$folder/postgres/data" --username frontdesk --auth trust \
		--encoding UTF8 --locale C --no-sync) >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; fail "initdb failed"; }
	for attempt in 1 2 3; do
		choose_port
		(cd "$folder/postgres" && ordinary "$server" -D "$folder/postgres/data" -p "$port" -c listen_addresses=127.0.0.1 \
			-c unix_socket_directories= -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
			-c shared_buffers=64MB -c max_connections=500) >"$folder/postgres.log" 2>&1 </dev/null &
		postgres=$!
		if await "$postgres" "$port"; then
			export TEST_DATABASE_URL="postgres://frontdesk@127.0.0.1:$port/postgres?sslmode=disable"
			return
		fi
		kill -INT "$postgres" 2>/dev/null || true
		wait "$postgres" 2>/dev/null || true
		postgres=
	done
	cat "$folder/postgres.log" >&2
	fail "PostgreSQL does not start"
}

start_redis() {
	local server attempt
	server=$(need redis-server redis-server redis)
	for attempt in 1 2 3; do
		choose_port
		(cd "$folder" && exec "$server" --bind 127.0.0.1 --port "$port" --save '' --appendonly no --databases 1024) \
			>"$folder/redis.log" 2>&1 </dev/null &
		redis=$!
		if await "$redis" "$port"; then
			export TEST_REDIS_URL="redis://127.0.0.1:$port"
			return
		fi
		kill -TERM "$redis" 2>/dev/null || true
		wait "$redis" 2>/dev/null || true
		redis=
	done
	cat "$folder/redis.log" >&2
	fail "Redis does not start"
}

# /tmp and not TMPDIR, which may be closed to the account that runs PostgreSQL.
folder=$(mktemp -d /tmp/frontdesk-servers.XXXXXX)
chmod 711 "$folder"

# The race detector needs cgo, and that a C compiler.
if ! command -v "${CC:-cc}" >/dev/null && ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
	if [[ $(uname) == Darwin ]]; then
		fail "run this first: xcode-select --install"
	fi
	install gcc gcc
	if command -v apt-get >/dev/null; then
		install libc6-dev libc6-dev
	fi
fi

# Not "… || start_postgres": that would switch off -e inside.
if [[ -z ${TEST_DATABASE_URL-} ]]; then
	start_postgres
fi
if [[ -z ${TEST_REDIS_URL-} ]]; then
	start_redis
fi

status=0
"$@" || status=$?
exit "$status"
