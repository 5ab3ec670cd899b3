#!/usr/bin/env bash
# Installs what the tests need from the system, on Debian and its children: Chromium for the page, libfaketime for a clock
# that jumps, nftables and Python for the lab's routers and cables. Needs root.
# `--bench` adds the programs that `npm run bench` compares Peerhood with. Does nothing where they are there already.
set -euo pipefail

packages=()
command -v chromium >/dev/null || packages+=(chromium)
command -v faketime >/dev/null || packages+=(faketime)
# Not everybody's search path has the folder that nft is in.
PATH="$PATH:/usr/sbin" command -v nft >/dev/null || packages+=(nftables)
command -v python3 >/dev/null || packages+=(python3)
if [ "${1:-}" = --bench ]; then
  command -v syncthing >/dev/null || packages+=(syncthing)
  command -v nats-server >/dev/null || packages+=(nats-server)
  /usr/bin/python3 -c 'import libtorrent' 2>/dev/null || packages+=(python3-libtorrent)
fi
[ "${#packages[@]}" -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "Please install: ${packages[*]} (without them the tests that need them are skipped)" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
