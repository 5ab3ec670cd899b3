#!/usr/bin/env bash
# Installs the programs of others that the tests of the ledger run as clients: Foundry and Hardhat (test/clients/package.json),
# some 300 MB. They go to .cache/chain-clients, beside and not into what `npm ci` makes. Without them those tests are skipped,
# by name. Does nothing where they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

target=.cache/chain-clients
if cmp -s test/clients/package-lock.json "$target/package-lock.json" && [ -d "$target/node_modules/hardhat" ]; then
  exit 0
fi
mkdir -p "$target"
cp test/clients/package.json test/clients/.npmrc "$target/"
# Their install scripts would only look for what the packages of the platform hold already.
cp test/clients/package-lock.json "$target/package-lock.json.new"
mv "$target/package-lock.json.new" "$target/package-lock.json"
if ! (cd "$target" && npm ci --ignore-scripts); then
  rm -f "$target/package-lock.json"
  exit 1
fi
