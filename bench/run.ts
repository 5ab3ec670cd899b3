// `npm run bench`: the figures that the README states. `npm run bench -- transfers big --rounds 5` runs a part.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const parts = ['share', 'transfers', 'idle', 'log', 'sync', 'chat', 'messages', 'community', 'scroll', 'ipfs', 'evm']
/** Of use by themselves, or for very long. */
const byNameOnly = ['crowd', 'files', 'flame', 'ledger']
const [part, ...rest] = process.argv.slice(2)
const all = [...parts, ...byNameOnly]
if (part !== undefined && !all.includes(part)) {
  console.error(`No such part: ${part}. There are: ${all.join(', ')}.`)
  process.exit(2)
}
for (const name of part === undefined ? parts : [part]) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...rest], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
