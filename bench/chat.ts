// What chat costs with many messages: entries through the reducer a second, in the order they were written and shuffled, then
// pages, searches and unread counts on the full view, medians and the slowest of `--rounds` (50). SQLite on disk, WAL.
//
//   node bench/chat.ts [--messages 100000] [--rounds 50]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { generalChannel } from '../src/apps/chat/core.ts'
import { createReader } from '../src/apps/chat/read.ts'
import { chatSchemaSteps } from '../src/apps/chat/schema.ts'
import { createSearch } from '../src/apps/chat/search.ts'
import { openView } from '../src/apps/chat/view.ts'
import { migrate, transaction } from '../src/base/database.ts'
import type { OpenedEntry } from '../src/community/types.ts'
import type { DeviceId } from '../src/log/types.ts'
import { createRandom, type SeededRandom } from '../test/sim/random.ts'
import { community, didNamed, openedEntry, shuffled } from '../test/support/chat.ts'
import { median, table } from './table.ts'

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '50' } },
})
const messages = Number(values.messages)
const rounds = Number(values.rounds)
const batch = 1_000
const persons = ['ada', 'bob', 'cid', 'dan', 'eve'].map(didNamed)
const [self = didNamed('ada')] = persons
const random = createRandom('chat bench')

/** 4,000 words; the first ones stand in every tenth message, the last ones in one of some hundred. */
const vocabulary = Array.from({ length: 4_000 }, (_, i) => `w${i.toString(36)}${'aeiou'[i % 5]}`)

function sentence(from: SeededRandom): string {
  const words = Array.from(
    { length: 4 + from.below(16) },
    () => vocabulary[Math.floor(from.uniform() ** 3 * 4_000)] ?? '',
  )
  return words.join(' ')
}

function entries(): OpenedEntry[] {
  const device = 'ab'.repeat(32) as DeviceId
  const made: OpenedEntry[] = []
  for (let i = 0; i < messages; i++) {
    const time = { ms: 1_760_000_000_000 + i * 700, count: 0 }
    const person = random.pick(persons)
    const target = made.length === 0 ? undefined : random.pick(made.slice(-200)).entry.id
    // Every tenth is a reaction, every fiftieth an edit or an answer in a thread.
    const raw = target === undefined ? undefined : Buffer.from(target, 'hex')
    const say = { channel: new Uint8Array(16), text: sentence(random), ...(i % 20 === 0 ? { mentions: [self] } : {}) }
    made.push(openedEntry({ person, device, time, role: 'member', kind: 'message', body: say }))
    if (raw !== undefined && i % 10 === 0) {
      const body = { target: raw, emoji: '👍', on: true }
      made.push(openedEntry({ person, device, time: { ...time, count: 1 }, role: 'member', kind: 'react', body }))
    }
    if (raw !== undefined && i % 50 === 0) {
      const body = { ...say, thread: raw }
      made.push(openedEntry({ person, device, time: { ...time, count: 2 }, role: 'member', kind: 'message', body }))
    }
  }
  return made
}

function open(folder: string, name: string) {
  const database = new DatabaseSync(join(folder, name))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF')
  migrate(database, 'chat', chatSchemaSteps)
  const view = openView({
    database,
    keys: { open: () => undefined },
    self: () => self,
  })
  const reader = createReader({
    database,
    kept: database,
    view,
    self: () => self,
    since: () => 0,
    moderates: () => true,
  })
  return { database, view, reader, ...createSearch({ database, view, reader }) }
}

/** Entries a second that the reducer takes, a batch a transaction: by the clock, and by the time that the processor worked. */
function fill(at: ReturnType<typeof open>, all: readonly OpenedEntry[]): [string, string] {
  const startMs = performance.now()
  const start = process.cpuUsage()
  for (let i = 0; i < all.length; i += batch) {
    transaction(at.database, () => at.view.reducer.apply(all.slice(i, i + batch)))
    at.view.changes.take(1)
  }
  const { user, system } = process.cpuUsage(start)
  const rate = (seconds: number) => `${Math.round(all.length / seconds)} /s`
  return [rate((performance.now() - startMs) / 1000), `${rate((user + system) / 1e6)} of CPU`]
}

function measure(work: (round: number) => unknown): [string, string] {
  const times = Array.from({ length: rounds }, (_, round) => {
    const startMs = performance.now()
    work(round)
    return performance.now() - startMs
  })
  return [`${median(times).toFixed(2)} ms`, `${Math.max(...times).toFixed(2)} ms`]
}

const folder = mkdtempSync(join(tmpdir(), 'peerhood-bench-chat-'))
try {
  const all = entries()
  const inOrder = open(folder, 'in-order.db')
  const ordered = fill(inOrder, all)
  const anyhow = open(folder, 'shuffled.db')
  const anyhowRate = fill(anyhow, shuffled(random, all))
  anyhow.database.close()
  const { reader, search } = inOrder
  const marks: string[] = []
  for (let before: string | undefined, i = 0; i < messages / 200; i++) {
    before = reader.messages(community, generalChannel, {
      limit: 200,
      ...(before === undefined ? {} : { before }),
    }).before
    if (before === undefined) break
    marks.push(before)
  }
  const find = (query: string) => () => search(community, query, { limit: 50 })
  console.log(`${messages} messages, ${all.length} entries, ${rounds} rounds`)
  const rows: [string, string, string][] = [
    ['entries through the reducer, in order', ...ordered],
    ['entries through the reducer, shuffled', ...anyhowRate],
    ['newest page of 50', ...measure(() => reader.messages(community, generalChannel, { limit: 50 }))],
    [
      'page of 50 anywhere',
      ...measure(() => reader.messages(community, generalChannel, { limit: 50, before: random.pick(marks) })),
    ],
    [
      'page of 200 anywhere',
      ...measure(() => reader.messages(community, generalChannel, { limit: 200, before: random.pick(marks) })),
    ],
    ['search: a word of most messages', ...measure(find(vocabulary[0] ?? ''))],
    [
      'search: a rare word',
      ...measure((round) => search(community, vocabulary[3_900 + (round % 100)] ?? '', { limit: 50 })),
    ],
    ['search: two letters that many words begin with', ...measure(find('w1'))],
    ['search: two common words', ...measure(find(`${vocabulary[1]} ${vocabulary[2]}`))],
    [
      'search: in one channel',
      ...measure(() => search(community, vocabulary[0] ?? '', { limit: 50, channel: generalChannel })),
    ],
    ['search: nothing found', ...measure(find('zzz'))],
    ['unread and mentions of a channel, all unread', ...measure(() => reader.channel(community, generalChannel))],
  ]
  console.log(table(['what', 'median', 'slowest'], rows))
  const again = performance.now()
  transaction(inOrder.database, () => inOrder.view.reducer.reset(community))
  console.log(`forgetting the view: ${Math.round(performance.now() - again)} ms`)
  inOrder.database.close()
} finally {
  rmSync(folder, { recursive: true })
}
