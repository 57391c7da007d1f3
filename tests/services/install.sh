#!/bin/sh
# Installs the servers the tests start privately, where they are absent and this is root on Debian. Starts nothing.
set -eu

missing=""
[ -x /usr/sbin/mariadbd ] || missing="$missing mariadb-server"
[ -d /usr/lib/rabbitmq/lib ] || missing="$missing rabbitmq-server"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need:$missing. Install them (they may stay stopped), or run: make test-fast" >&2
    exit 1
fi

# A package's server would be started as a service; this says no for as long as the installation lasts.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
echo "Installing$missing"
apt-get update -qq
# shellcheck disable=SC2086 # a list
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
