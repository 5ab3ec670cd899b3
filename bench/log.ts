// What a community's log costs: `node bench/log.ts [--entries 100000] [--devices 5] [--payload 156] [--keep FOLDER]`.
//
//   append          this device writes, each entry on disk before the next (SQLite FULL), and many at once
//   receive         entries of several devices arrive in pages of 1 MiB, as sync brings them: hashes, rules, signatures
//                   by runs, stored; with no verify thread ("one core") and with two ("two cores")
//   all signatures  the same where every signature has to be checked: each entry by a device of its own
//   open            the log opened again: vector, heads, forks, counts
//
// Entries are made beforehand and not measured. `--payload`: bytes of sealed content (156: the smallest size class).

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Log } from '../src/base/ports.ts'
import { chunkEntriesMax } from '../src/log/limits.ts'
import { createLogs } from '../src/log/logs.ts'
import { authorOf, draftOf, handOf, type TestAuthor } from '../src/log/testing.ts'
import type { Logs } from '../src/log/types.ts'
import { systemClock } from '../src/node/adapters.ts'
import { type OpenDatabase, openDatabase } from '../src/node/database.ts'
import { community, founding, makeEntries, pagesOf, payload } from './entries.ts'
import { table } from './table.ts'

const appendsAlone = 500
const appendsTogether = 5_000
const strangers = 5_000

const silent = () => {}
const log: Log = { debug: silent, info: silent, warn: silent, error: silent, child: () => log }

interface Opened {
  readonly logs: Logs
  readonly database: OpenDatabase
}

function open(path: string, author: TestAuthor, threads: number): Opened {
  const database = openDatabase({ path, clock: systemClock })
  const logs = createLogs({ threads, bytesMax: 2 ** 40 })({
    clock: systemClock,
    log,
    database: database.database,
    author,
  })
  return { logs, database }
}

async function close({ logs, database }: Opened): Promise<void> {
  await logs.stop()
  database.close()
}

function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')} /s`
}

/** Entries a second, and the processor time (all threads) that one takes. */
async function receive(path: string, entries: readonly Uint8Array[], threads: number): Promise<string> {
  const opened = open(path, authorOf('receiver'), threads)
  const communityLog = opened.logs.open(community)
  const pages = pagesOf(entries)
  const cpu = process.cpuUsage()
  const start = performance.now()
  for (const page of pages) {
    const results = await communityLog.receive(page)
    const other = results.find(({ how }) => how !== 'stored')
    if (other !== undefined) throw new Error(`an entry was not stored: ${JSON.stringify(other)}`)
  }
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await close(opened)
  return `${perSecond(entries.length / seconds)}, ${((user + system) / entries.length).toFixed(0)} µs of CPU each`
}

async function append(path: string, count: number, bytes: number, together: boolean): Promise<number> {
  const opened = open(path, authorOf('writer'), 0)
  const { log: communityLog } = await opened.logs.found(draftOf('founding'))
  const start = performance.now()
  const drafts = Array.from({ length: count }, (_, index) => draftOf(payload(index, bytes)))
  if (together)
    for (let at = 0; at < count; at += 500)
      await Promise.all(drafts.slice(at, at + 500).map((draft) => communityLog.append(draft)))
  else for (const draft of drafts) await communityLog.append(draft)
  const seconds = (performance.now() - start) / 1000
  await close(opened)
  return count / seconds
}

async function openTime(path: string): Promise<number> {
  const start = performance.now()
  const opened = open(path, authorOf('receiver'), 0)
  const communityLog = opened.logs.get(community)
  if (communityLog === undefined) throw new Error('the log is not there')
  communityLog.counts()
  communityLog.vector()
  communityLog.heads()
  communityLog.forks()
  const ms = performance.now() - start
  await close(opened)
  return ms
}

/** Everybody's first entry: no run is longer than one. */
function makeStrangers(count: number, bytes: number): Uint8Array[] {
  const entries = Array.from({ length: count }, (_, number) => {
    const hand = handOf(authorOf(`stranger ${number}`), founding)
    return hand.write([founding], { fields: { sealed: payload(number, bytes) } }).bytes
  })
  return [founding.bytes, ...entries]
}

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    devices: { type: 'string', default: '5' },
    payload: { type: 'string', default: '156' },
  },
})
const [count, devices, bytes] = [Number(values.entries), Number(values.devices), Number(values.payload)]
const folder = mkdtempSync(join(tmpdir(), 'peerhood-log-'))
try {
  const rows: string[][] = []
  rows.push([
    'append, one after the other',
    perSecond(await append(join(folder, 'alone.db'), appendsAlone, bytes, false)),
  ])
  rows.push([
    'append, many at once',
    perSecond(await append(join(folder, 'together.db'), appendsTogether, bytes, true)),
  ])
  const entries = makeEntries(count, devices, bytes)
  rows.push([`receive ${count}, one core`, await receive(join(folder, 'one.db'), entries, 0)])
  rows.push([`receive ${count}, two cores`, await receive(join(folder, 'two.db'), entries, 2)])
  const others = makeStrangers(strangers, bytes)
  rows.push([`all signatures, ${strangers}, one core`, await receive(join(folder, 'three.db'), others, 0)])
  rows.push([`all signatures, ${strangers}, two cores`, await receive(join(folder, 'four.db'), others, 2)])
  rows.push([`open ${count}`, `${(await openTime(join(folder, 'one.db'))).toFixed(0)} ms`])
  const wire = entries.reduce((sum, entry) => sum + entry.length, 0) / count
  rows.push(['entry on the wire', `${wire.toFixed(0)} B`])
  rows.push(['entry on disk', `${(statSync(join(folder, 'one.db')).size / count).toFixed(0)} B`])
  console.log(`log of ${count} entries by ${devices} devices, chunks of at most ${chunkEntriesMax}`)
  console.log(table(['what', 'value'], rows))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
