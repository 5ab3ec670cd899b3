// Peerhood as a person runs it: daemons of their own, driven through the API; time from asking for the link until the
// daemon says done (everything checked, on disk under its final name).

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { difference, lines, start, stop, until, usage } from '../processes.ts'
import { type Contender, worst } from './contender.ts'

interface Daemon {
  readonly rest: <Result>(method: string, path: string, body?: unknown) => Promise<Result>
  readonly usage: () => ReturnType<typeof usage>
  readonly stop: () => Promise<void>
}

interface Progress {
  readonly id: string
  readonly state: string
  readonly link: string
  readonly path: string
  readonly problem: { readonly sentence: string } | null
}

async function startDaemon(home: string): Promise<Daemon> {
  const bin = join(import.meta.dirname, '../../bin/peerhood.mjs')
  const flags = ['--json', '--port', '0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-upnp']
  const child = start(process.execPath, [bin, 'start', ...flags], { env: { ...process.env, PEERHOOD_HOME: home } })
  const { value } = await lines(child).next()
  const { api, token } = JSON.parse(String(value)) as { api: string; token: string }
  child.stdout?.resume()
  return {
    rest: async (method, path, body) => {
      const response = await fetch(new URL(path, api), {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return response.json() as Promise<never>
    },
    usage: () => usage(child.pid ?? 0),
    stop: () => stop(child),
  }
}

async function untilState(daemon: Daemon, path: string, state: string): Promise<Progress> {
  return until(`${path} is ${state}`, async () => {
    const view = await daemon.rest<Progress>('GET', path)
    if (view.state === 'failed') throw new Error(`${path}: ${view.problem?.sentence}`)
    return view.state === state ? view : undefined
  })
}

/** Public shares are plain UnixFS; private ones (the default) are sealed as well. */
export function peerhood(visibility: 'public' | 'private'): Contender {
  return {
    name: `Peerhood (${visibility} share)`,
    missing: () => undefined,

    async run({ source, scratch, copies }) {
      const author = await startDaemon(join(scratch, 'home-author'))
      const readers = await Promise.all(
        Array.from({ length: copies }, (_, index) => startDaemon(join(scratch, `home-${index}`))),
      )
      const request = { path: source, public: visibility === 'public' }
      const { id } = await author.rest<Progress>('POST', '/api/shares', request)
      const { link } = await untilState(author, `/api/shares/${id}`, 'ready')

      const everyone = [author, ...readers]
      const before = everyone.map((daemon) => daemon.usage())
      const startedMs = performance.now()
      const done = await Promise.all(
        readers.map(async (daemon, index) => {
          const to = join(scratch, `copy-${index}`)
          mkdirSync(to)
          const transfer = await daemon.rest<Progress>('POST', '/api/transfers', { link, to })
          return untilState(daemon, `/api/transfers/${transfer.id}`, 'done')
        }),
      )
      const seconds = (performance.now() - startedMs) / 1000
      const used = everyone.map((daemon, index) => difference(daemon.usage(), before[index] ?? daemon.usage()))
      await Promise.all(everyone.map((daemon) => daemon.stop()))
      const [first = { cpuSeconds: 0, memoryMaxBytes: 0 }, ...rest] = used
      return { seconds, source: first, copy: worst(rest), results: done.map((transfer) => transfer.path) }
    },
  }
}
