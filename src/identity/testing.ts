// What the tests of identity/ share: a folder that goes away, ports that tell the same story every time, and the vector
// that docs/protocol/identity.md states.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromHex, utf8 } from '../base/bytes.ts'
import { isPeerhoodError, type PeerhoodError } from '../base/errors.ts'
import type { Clock, Log, Random } from '../base/ports.ts'

/** A fresh path for a data folder, removed after the test. The folder itself is not there yet. */
export async function temporaryHome(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'peerhood-identity-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'home')
}

/** A clock that stands still until it is set. */
export function stillClock(nowMs = 1_700_000_000_000): Clock & { set(nowMs: number): void } {
  let now = nowMs
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    after: () => () => {},
    set(next) {
      now = next
    },
  }
}

/** Bytes that follow from a seed: the same run every time, other bytes for every call. */
export function seededRandom(seed: string): Random {
  let calls = 0
  return { bytes: (length) => sha256(utf8(`${seed}/${calls++}`)).slice(0, length) }
}

/** Keeps every line, to look for secrets in. */
export function recordingLog(): Log & { readonly lines: [level: string, code: string, fields: unknown][] } {
  const lines: [string, string, unknown][] = []
  const at = (level: string) => (code: string, fields?: unknown) => void lines.push([level, code, fields])
  const log = { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return log
}

/** Bytes that a test wrote down in hex. */
export function hexBytes(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  assert.ok(bytes, 'lower-case hex')
  return bytes
}

/** Runs `work`, which must fail with one of `codes`, and returns that error. */
export async function failure(work: () => unknown, ...codes: string[]): Promise<PeerhoodError> {
  try {
    await work()
  } catch (error) {
    assert.ok(isPeerhoodError(error), `expected ${codes.join(' or ')}, got ${error}`)
    assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, got ${error.code}: ${error.message}`)
    return error
  }
  assert.fail(`nothing failed; expected ${codes.join(' or ')}`)
}

/** The vector of docs/protocol/identity.md; made with this code and checked against an independent program in Python. */
export const vector = {
  entropy: '00'.repeat(32),
  phrase: `${'abandon '.repeat(23)}art`,
  seed: '408b285c123836004f4b8842c89324c1f01382450c0d439af345ba7fc49acf705489c6fc77dbd4e3dc1dd8cc6bc9f043db8ada1e243c4a0eafb290d399480840',
  personSecret: 'baf6218ebb318f691559e02fd5691c87091dd5c73a66b1850808b5ea8cc9c43e',
  person: '89079d94037140ba5acf5f98ab806c89e9b714ad02298add14cb025a7896cddb',
  did: 'did:key:z6MkogAdoPHSJRK189PB8rVMBzW8i3U429hYN9xehYNX5YYS',
  ethereumAddress: '0xF278cF59F82eDcf871d630F28EcC8056f25C1cdb',
  deviceSeed: '01'.repeat(32),
  device: '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c',
  peerId: '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5',
  issuedMs: 1_700_000_000_000,
  certificate:
    '835868a46176016664657669636558208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c66706572736f6e582089079d94037140ba5acf5f98ab806c89e9b714ad02298add14cb025a7896cddb686973737565644d731b0000018bcfe568005840fa60e087dad9f9e1d52402f62b8aa4dc23c82db182d602463169201d3240412b8a820a17a3e9dca5262ad32444b378eb1b1f62f5fcd6d1aba1b43b5030b664065840bcc5145a74d6a40327618069bcf532d6153272afbba31746d804913edd8e245a6cfa98f1ed31a418e9b83b93b37f1a7b08a848bcda7a4f1151e00fd50793fc0f',
  passphrase: 'correct horse',
  box: '2819b0cabecd0584f8c55cf1fef8f48eab41faf763d87f8befe1901a5f7c179993da64b69f1b088b83960e2217436c95fb66d3e90556bfcfa06dce084f2c7d12d9d9369c2f59dc1914cee270b8b7c797',
  plainChecksum: '1c118ad56faf0f23986befa2f3c8829256a2158aac4a2191774d80c3a4eb9bb0',
  sealedChecksum: '347bf09d2ae2cf5c0ca7631eefd3075135c737dbd78c7ab6f0d51ceddf9a989d',
} as const
