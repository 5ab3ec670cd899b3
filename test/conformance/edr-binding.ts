// Where EDR's machine code is. npm leaves it out where it runs on a Node older than EDR wants (22), although the tests run on 24;
// scripts/install-chain-clients.sh brings it then.

import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const clients = join(import.meta.dirname, '../../.cache/chain-clients/node_modules/@nomicfoundation')

/** Makes `@nomicfoundation/edr` loadable in this process, if it is anywhere: false when not. */
export function findEdr(): boolean {
  if (loads()) return true
  const [binding] = globSync(join(clients, `edr-${process.platform}-${process.arch}*`, '*.node'))
  if (binding === undefined) return false
  process.env.NAPI_RS_NATIVE_LIBRARY_PATH = binding
  return loads()
}

function loads(): boolean {
  try {
    require('@nomicfoundation/edr')
    return true
  } catch {
    return false
  }
}
