// A daemon of a home folder, as benchmarks start it: alone, on ports that are free.

import { join } from 'node:path'
import { createPeerhood, type Peerhood } from '../src/sdk/client.ts'
import { lines, start, stop } from './processes.ts'

export interface Daemon {
  readonly sdk: Peerhood
  readonly pid: number
  readonly api: string
  readonly token: string
  stop(): Promise<void>
}

export async function startDaemon(home: string, env: Readonly<Record<string, string>> = {}): Promise<Daemon> {
  const bin = join(import.meta.dirname, '../bin/peerhood.mjs')
  const flags = ['--json', '--port', '0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-upnp']
  const child = start(process.execPath, [bin, 'start', ...flags], {
    env: { ...process.env, ...env, PEERHOOD_HOME: home },
  })
  const { value } = await lines(child).next()
  const { api, token } = JSON.parse(String(value)) as { api: string; token: string }
  child.stdout?.resume()
  return { sdk: createPeerhood({ url: api, token }), pid: child.pid ?? 0, api, token, stop: () => stop(child) }
}
