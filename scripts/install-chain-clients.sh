#!/usr/bin/env bash
# Installs the programs of others that the tests of the ledger run as clients: Foundry and Hardhat (test/clients/package.json),
# some 300 MB. They go to .cache/chain-clients, beside and not into what `npm ci` makes. Without them those tests are skipped,
# by name. Does nothing where they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

target=.cache/chain-clients
if cmp -s test/clients/package-lock.json "$target/package-lock.json" && [ -d "$target/node_modules/hardhat" ] &&
  compgen -G "$target/node_modules/@nomicfoundation/edr-*" >/dev/null; then
  exit 0
fi
mkdir -p "$target"
cp test/clients/package.json test/clients/.npmrc "$target/"
# Their install scripts would only look for what the packages of the platform hold already.
cp test/clients/package-lock.json "$target/package-lock.json.new"
mv "$target/package-lock.json.new" "$target/package-lock.json"
# npm leaves out what is optional and for a newer Node than its own: with Node 20 that would be EDR, which Hardhat runs. So npm
# runs with the Node that the project brings along.
node_package="node-$(node -p 'process.platform + "-" + process.arch')"
node_version="$(node -p "require('./package.json').optionalDependencies['$node_package'] ?? ''")"
if [ -n "$node_version" ] && [ "$(node -p 'parseInt(process.versions.node)')" -lt 22 ]; then
  mkdir -p "$target/node"
  echo '{ "private": true }' >"$target/node/package.json"
  (cd "$target/node" && npm install --no-save --ignore-scripts "$node_package@$node_version")
  # Another Node would look for npm's settings beside itself.
  npm_config_globalconfig="$(npm config get globalconfig)"
  export npm_config_globalconfig
  PATH="$PWD/$target/node/node_modules/$node_package/bin:$PATH"
fi
if ! (cd "$target" && npm ci --ignore-scripts); then
  rm -f "$target/package-lock.json"
  exit 1
fi
rm -rf "$target/node"
