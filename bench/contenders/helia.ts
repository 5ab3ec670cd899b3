// A real Helia node as a process: installed into a temporary folder (it brings some 500 packages, which must never become
// ours), listening on loopback TCP with bitswap and nothing else. It takes commands as lines of JSON and answers the same way.

import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lines, start, stop } from '../processes.ts'

const packages = ['helia@7.1.15', '@helia/unixfs@8.0.5']

const program = `
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { withBitswap } from '@helia/bitswap'
import { withLibp2p } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'

const helia = await withBitswap(withLibp2p(createHeliaLight(), {
  config: 'replace',
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [tls()],
  streamMuxers: [yamux()],
  services: { identify: identify() },
})).start()
const fs = unixfs(helia)
const commands = {
  addresses: async () => helia.libp2p.getMultiaddrs().map(String),
  dial: async (address) => String((await helia.libp2p.dial(multiaddr(address))).remotePeer),
  add: async (path) => String(await fs.addByteStream(createReadStream(path, { highWaterMark: 1 << 20 }))),
  async get(cid, path) {
    const start = performance.now()
    await pipeline(Readable.from(fs.cat(CID.parse(cid))), createWriteStream(path))
    return (performance.now() - start) / 1000
  },
}
console.log(JSON.stringify({ result: 'ready' }))
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line)
  try {
    console.log(JSON.stringify({ result: await commands[name](...args) }))
  } catch (error) {
    console.log(JSON.stringify({ error: String(error?.stack ?? error) }))
  }
}
`

export interface HeliaNode {
  readonly process: ChildProcess
  call<Result>(name: 'addresses' | 'dial' | 'add' | 'get', ...args: readonly string[]): Promise<Result>
  stop(): Promise<void>
}

/** Installs it, unless the folder has it. Throws where the registry can't be reached. */
export function installHelia(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'node.mjs'), program)
  if (existsSync(join(folder, 'node_modules/helia'))) return
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', ...packages]
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`helia could not be installed: ${stderr.slice(-500)}`)
}

export async function startHelia(folder: string): Promise<HeliaNode> {
  const child = start(process.execPath, [join(folder, 'node.mjs')], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = lines(child)
  const next = async () => {
    const { value, done } = await answers.next()
    if (done === true) throw new Error('helia ended')
    const answer = JSON.parse(value)
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.result
  }
  await next()
  return {
    process: child,
    call(name, ...args) {
      child.stdin?.write(`${JSON.stringify([name, ...args])}\n`)
      return next()
    },
    stop: () => stop(child),
  }
}
