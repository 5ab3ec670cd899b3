// One node of bench/ledger.ts and soak/ledger-faults.ts: chain on disk, votes on disk, and a TCP socket to each other node. Told what to
// do by IPC.

import { mkdirSync, statSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { decodeGenesis } from '../src/ledger/chain/genesis-wire.ts'
import { openChain } from '../src/ledger/chain/service.ts'
import { createSnapshots } from '../src/ledger/chain/snapshot.ts'
import { quietLog } from '../src/ledger/chain/testing.ts'
import { addressOfSecret, signDigest } from '../src/ledger/evm/crypto.ts'
import { nodeLedgerDisk } from '../src/ledger/validator/disk.ts'
import { deltaDefaultMs } from '../src/ledger/validator/limits.ts'
import { createLedgerNode } from '../src/ledger/validator/service.ts'
import type { PeerName } from '../src/ledger/validator/types.ts'
import { systemClock as clock, systemRandom as random } from '../src/node/adapters.ts'
import { openLedgerDatabase } from '../src/node/database.ts'

export interface NodeSettings {
  readonly number: number
  readonly ports: readonly number[]
  readonly folder: string
  readonly genesis: string
  readonly secret: string | undefined
  readonly isVerbose: boolean
  /** False: what lies in the folder, or does not, has to be explained. Default true. */
  readonly keyIsNew?: boolean
  readonly deltaMs?: number
  /** Says of each block that it is final here. */
  readonly isTold?: boolean
}
/** Signed by an account that belongs to this node; `key` names sender and nonce. */
export interface Submitted {
  readonly raw: Uint8Array
  readonly key: string
}
export type ToNode =
  | { readonly kind: 'submit'; readonly list: readonly Submitted[] }
  | { readonly kind: 'report' }
  /** All blocks from this height on, in `final` messages that end with an `end`. */
  | { readonly kind: 'chain'; readonly from: number }
  | { readonly kind: 'stop' }
/** A block that is on disk for good. */
export interface Final {
  readonly kind: 'final'
  readonly height: number
  readonly hash: string
  /** Hashes of its transactions. */
  readonly transactions: readonly string[]
}
export type FromNode = 'ready' | Report | Final | { readonly kind: 'end' }
export interface Report {
  readonly kind: 'report'
  readonly height: number
  readonly evidence: number
  readonly peers: number
  readonly voting: string
  readonly sync: string
  readonly stuck: string | undefined
  readonly final: number
  readonly refused: Readonly<Record<string, number>>
  readonly waiting: number
  /** Of every transaction that was submitted here and became final since the last report. */
  readonly latencyMs: readonly number[]
  readonly sentBytes: number
  readonly databaseBytes: number
  readonly votesBytes: number
  readonly memoryBytes: number
}

const redialMs = 50
const settings = JSON.parse(process.argv[2] ?? '{}') as NodeSettings
const { number, ports, folder } = settings
mkdirSync(folder, { recursive: true })
const databasePath = join(folder, 'ledger.db')
const { database, close } = openLedgerDatabase(databasePath)
const tell = (code: string, fields?: unknown) =>
  console.error(`${(performance.now() / 1000).toFixed(1)} node ${number} ${code} ${JSON.stringify(fields)}`)
const log = settings.isVerbose ? { ...quietLog, debug: tell, warn: tell, error: tell } : quietLog
const secret = settings.secret === undefined ? undefined : new Uint8Array(Buffer.from(settings.secret, 'hex'))
const genesis = decodeGenesis(new Uint8Array(Buffer.from(settings.genesis, 'hex')))
const chain = await openChain({ genesis })({ database, clock, log })
const snapshots = createSnapshots()({ chain, clock, log })
const sockets = new Map<number, Socket>()
let sentBytes = 0

function write(socket: Socket | undefined, type: number, bytes: Uint8Array): void {
  if (socket === undefined) return
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length)
  head[4] = type
  sentBytes += bytes.length + 5
  socket.cork()
  socket.write(head)
  socket.write(bytes)
  socket.uncork()
}

const { keyIsNew = true, deltaMs = deltaDefaultMs } = settings
const node = createLedgerNode({ keyIsNew, deltaMs, snapshotAfter: 500 })({
  ...{ chain, snapshots, clock, log, metrics: { count() {}, gauge() {} }, random },
  disk: nodeLedgerDisk(join(folder, 'votes')),
  network: {
    self: `peer-${number}` as PeerName,
    send: (to, bytes) => write(sockets.get(Number(to.slice(5))), 1, bytes),
    broadcast(bytes) {
      for (const socket of sockets.values()) write(socket, 2, bytes)
    },
    blame: (peer, code) => console.error(`node ${number} blames ${peer}: ${code}`),
  },
  signer:
    secret === undefined
      ? undefined
      : { address: addressOfSecret(secret), sign: (digest) => signDigest(secret, digest) },
})

function attach(socket: Socket): void {
  let rest = Buffer.alloc(0)
  let other = -1
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  write(socket, 0, Uint8Array.of(number))
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length - at >= 5) {
      const length = rest.readUInt32BE(at)
      if (rest.length - at < 5 + length) break
      const type = rest[at + 4]
      const bytes = new Uint8Array(rest.subarray(at + 5, at + 5 + length))
      at += 5 + length
      if (type === 0) {
        other = bytes[0] ?? -1
        sockets.set(other, socket)
        node.connected(`peer-${other}` as PeerName)
      } else if (type === 1) node.received(`peer-${other}` as PeerName, bytes)
      else void node.heard(`peer-${other}` as PeerName, bytes)
    }
    rest = rest.subarray(at)
  })
  socket.on('close', () => {
    if (sockets.get(other) !== socket) return
    sockets.delete(other)
    node.disconnected(`peer-${other}` as PeerName)
  })
}

const sinceMs = new Map<string, number>()
let latencyMs: number[] = []
let final = 0
const refused: Record<string, number> = {}
chain.on((event) => {
  if (event.kind !== 'final') return
  if (settings.isTold) say(event.header.height)
  const block = chain.block(event.header.hash)
  block?.transactions.forEach((transaction, at) => {
    final += 1
    const key = `${block.senders[at]}/${transaction.nonce}`
    const since = sinceMs.get(key)
    if (since === undefined) return
    sinceMs.delete(key)
    latencyMs.push(performance.now() - since)
  })
})

function say(height: number): void {
  const block = chain.block(height)
  if (block === undefined) return
  const transactions = block.transactions.map((one) => Buffer.from(one.hash()).toString('hex'))
  tellParent({ kind: 'final', height, hash: block.header.hash, transactions })
}

function tellParent(message: FromNode): void {
  process.send?.(message)
}

/** Of two the later one dials, and again when it was cut off. */
function dial(port: number): void {
  const socket = connect(port, '127.0.0.1')
  socket.on('close', () => setTimeout(() => dial(port), redialMs))
  attach(socket)
}

await node.start()
createServer(attach).listen(ports[number], '127.0.0.1')
for (const port of ports.slice(0, number)) dial(port)

process.on('message', async (message: ToNode) => {
  if (message.kind === 'submit') {
    const nowMs = performance.now()
    for (const { raw, key } of message.list) {
      sinceMs.set(key, nowMs)
      try {
        await node.submit(raw)
      } catch (error) {
        sinceMs.delete(key)
        const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
        refused[code] = (refused[code] ?? 0) + 1
      }
    }
  } else if (message.kind === 'report') {
    const { height, voting, sync, stuck, waiting, evidence, peers } = node.status()
    const report: Report = {
      kind: 'report',
      ...{
        ...{ height, evidence, peers },
        voting: voting.kind,
        sync: sync.kind,
        stuck: stuck?.sentence,
        waiting,
        final,
        refused,
        latencyMs,
        sentBytes,
      },
      databaseBytes: sizeOf(databasePath) + sizeOf(`${databasePath}-wal`),
      votesBytes: sizeOf(join(folder, 'votes', 'votes')),
      memoryBytes: process.memoryUsage.rss(),
    }
    latencyMs = []
    tellParent(report)
  } else if (message.kind === 'chain') {
    for (let height = message.from; height <= chain.head().height; height++) say(height)
    tellParent({ kind: 'end' })
  } else {
    await node.stop()
    await snapshots.stop()
    await chain.stop()
    close()
    process.exit(0)
  }
})
process.on('disconnect', () => process.exit(0))
tellParent('ready')

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
