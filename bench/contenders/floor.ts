// The floor: one Node TLS 1.3 socket that carries the same bytes into files, each MiB hashed by the receiver, nothing else.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { difference, lines, start, stop, usage } from '../processes.ts'
import type { Contender } from './contender.ts'

export const floor: Contender = {
  name: 'floor: Node TLS 1.3 socket to disk',
  missing: () => undefined,

  async run({ source, scratch, copies }) {
    const result = join(scratch, 'copy')
    mkdirSync(result)
    const script = join(import.meta.dirname, 'floor-process.ts')
    const peer = (...args: string[]) =>
      start(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    const server = peer('serve', source)
    const { value: port } = await lines(server).next()
    const client = peer('get', String(port), result, String(copies))
    const output = lines(client)
    await output.next() // connected
    const before = [usage(server.pid ?? 0), usage(client.pid ?? 0)] as const
    client.stdin?.write('go\n')
    const { value } = await output.next()
    const run = {
      seconds: Number(value),
      source: difference(usage(server.pid ?? 0), before[0]),
      copy: difference(usage(client.pid ?? 0), before[1]),
      results: Array.from({ length: copies }, (_, index) => join(result, String(index))),
    }
    await Promise.all([stop(server), stop(client)])
    return run
  },
}
