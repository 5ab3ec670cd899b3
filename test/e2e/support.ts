// What the several-process tests share: sample files from a seed, links, gets, and looking at what came of them.

import assert from 'node:assert/strict'
import { createCipheriv, createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { CommandResult, Peer, Peers } from '../support/daemon.ts'
import { createPeers } from '../support/daemon.ts'

export const mebibyte = 1024 * 1024

/** Peers and folders that go with the test, also when it fails. */
export function peersOf(t: TestContext): Peers {
  const peers = createPeers()
  t.after(() => peers.stop())
  return peers
}

/** Bytes that look random and are the same for the same seed: a key stream of AES in counter mode. */
export function sampleBytes(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}

/** Writes files below `folder` and returns it. Values are sizes in bytes. */
export function writeFiles(folder: string, files: Readonly<Record<string, number>>, seed = 'sample'): string {
  for (const [path, bytes] of Object.entries(files)) {
    const place = join(folder, path)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, sampleBytes(`${seed} ${path}`, bytes))
  }
  return folder
}

/** Relative path → sha-256 of every file below `folder`. */
export function tree(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(files.sort().map((path) => [path.slice(folder.length + 1), fileHash(path)]))
}

export function fileHash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

export interface Shared {
  readonly id: string
  readonly link: string
  readonly keepLink: string | null
  readonly cid: string
  readonly bytes: number
  readonly files: number
}

/** `peerhood share … --json`. */
export async function share(peer: Peer, path: string, ...args: readonly string[]): Promise<Shared> {
  return onlyObject(await peer.run('share', path, '--json', ...args))
}

export interface Done {
  readonly event: 'done'
  readonly bytes: number
  readonly bytesReused: number
  readonly bytesIn: number
  readonly files: number
  readonly seconds: number
  readonly path: string
}

/** `peerhood get … --json`, which has to succeed. */
export async function get(peer: Peer, link: string, to: string, ...args: readonly string[]): Promise<Done> {
  const result = await peer.run('get', link, '--to', to, '--json', ...args)
  assert.equal(result.code, 0, result.stdout + result.stderr)
  return lastObject(result)
}

/** What a command printed as its one JSON object. */
export function onlyObject<Value>(result: CommandResult): Value {
  assert.equal(result.code, 0, result.stdout + result.stderr)
  const lines = result.stdout.trim().split('\n')
  assert.equal(lines.length, 1, result.stdout)
  return JSON.parse(lines[0] ?? '')
}

/** The last of the JSON objects that a command printed. */
export function lastObject<Value>(result: CommandResult): Value {
  return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '')
}

/** Polls until `look` gives something other than undefined or false. How long that takes says how busy the machine is, no more. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | undefined | false> | Value | undefined | false,
  timeoutMs = 60_000,
): Promise<Value> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    assert.ok(performance.now() < deadlineMs, `waited too long: ${what}`)
    await wait(20)
  }
}

/** A counter of the peer's metrics; 0 while it has not counted yet. */
export async function counter(peer: Peer, name: string): Promise<number> {
  const text = await peer.client.metrics()
  const lines = text.split('\n').filter((line) => line.startsWith(`peerhood_${name}_total`))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** Integers from a seed, so that a failure can be had again. */
export function seededIntegers(seed: string): (below: number) => number {
  let round = 0
  return (below) => sampleBytes(`${seed} ${round++}`, 32).readUInt32BE() % below
}
