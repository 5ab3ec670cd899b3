// What a large community costs: a daemon with one of `--entries` (1,000,000) entries by nine devices, real keys, seals and
// signatures; four fifths messages of usual lengths, then reactions, answers, edits, deletes and some hundred acts.
//
//   node bench/community.ts [--entries 1000000] [--rounds 1] [--home FOLDER]
//
//   rebuild   views.db is deleted; until the daemon has read all entries again: a second, and per core (processor seconds
//             of all its threads) over all and in the best ten seconds, beside the least that it could take (floor.ts,
//             before and after it); once more while somebody uses it: a message from sending to the event, and a small call
//   open      the daemon started again, until the newest page of the chat is answered; memory then
//   removal   an admin removed a member without having seen their last message: until that message is gone
//
// Making the community takes some minutes; `--home` keeps it, or takes one that was kept.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type MadeFacts, makeHome } from '../test/support/community-home.ts'
import { removal } from './community-removal.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { floorOf } from './floor.ts'
import { usage } from './processes.ts'
import { median, table } from './table.ts'

const general = '0'.repeat(32)

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
const removed = (value: number) => (Number.isNaN(value) ? 'nobody is left to remove: make the home anew' : ms(value))
const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`

interface Opened {
  readonly seconds: number
  readonly resident: number
}

async function open(home: string, id: string): Promise<Opened> {
  const startMs = performance.now()
  const daemon = await startDaemon(home)
  const { messages } = await daemon.sdk.chat.messages(id, general, { limit: 50 })
  const seconds = (performance.now() - startMs) / 1000
  if (messages.length !== 50) throw new Error(`${messages.length} messages`)
  const resident = residentBytes(daemon.pid)
  await daemon.stop()
  return { seconds, resident }
}

interface Rebuilt {
  readonly perSecond: number
  readonly perCore: number
  /** The same in the ten seconds in which it was most: on a computer that others use, what it costs when they leave us alone. */
  readonly perCoreBest: number
  readonly firstPageSeconds: number
  readonly messages: readonly number[]
  readonly calls: readonly number[]
  readonly resident: number
}

/** Sends a message now and then, and measures until the event says that it is there. */
async function sendMessages(daemon: Daemon, id: string, signal: AbortSignal): Promise<number[]> {
  const took: number[] = []
  const sent = new Map<string, number>()
  const follow = (async () => {
    for await (const { event } of daemon.sdk.events({ signal })) {
      const startMs = event.type === 'chat-message' && event.isNew ? sent.get(event.message.text) : undefined
      if (startMs !== undefined) took.push(performance.now() - startMs)
    }
  })()
  for (let number = 0; !signal.aborted; number++) {
    sent.set(`live ${number}`, performance.now())
    await daemon.sdk.chat.send(id, general, { text: `live ${number}` })
    await wait(300)
  }
  await follow
  return took
}

/** What a page feels: a call that needs next to nothing, again and again. */
async function callOften(daemon: Daemon, signal: AbortSignal): Promise<number[]> {
  const took: number[] = []
  while (!signal.aborted) {
    const startMs = performance.now()
    await fetch(`${daemon.api}/api/status`, { headers: { authorization: `Bearer ${daemon.token}` } }).then((r) =>
      r.text(),
    )
    took.push(performance.now() - startMs)
    await wait(10)
  }
  return took
}

/** `isUsed`: somebody writes and looks meanwhile; else it is only asked now and then how far it is. */
async function rebuild(home: string, id: string, isUsed: boolean): Promise<Rebuilt> {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(home, `views.db${suffix}`), { force: true })
  const startMs = performance.now()
  const daemon = await startDaemon(home)
  await daemon.sdk.chat.messages(id, general, { limit: 50 })
  const firstPageSeconds = (performance.now() - startMs) / 1000
  const cpuBefore = usage(daemon.pid).cpuSeconds
  const readFrom = performance.now()
  const from = (await daemon.sdk.communities.get(id)).reading?.entries ?? 0
  const ending = new AbortController()
  const others = isUsed
    ? Promise.all([sendMessages(daemon, id, ending.signal), callOften(daemon, ending.signal)])
    : Promise.resolve<[number[], number[]]>([[], []])
  let of = from
  const seen: Seen[] = []
  for (;;) {
    const { reading } = await daemon.sdk.communities.get(id)
    if (reading === null) break
    of = reading.of
    // They come by transactions: between two, time passes and nothing seems to be read.
    if (seen.at(-1)?.entries !== reading.entries) {
      seen.push({ atMs: performance.now(), entries: reading.entries, cpuSeconds: usage(daemon.pid).cpuSeconds })
    }
    await wait(200)
  }
  const seconds = (performance.now() - readFrom) / 1000
  const cpuSeconds = usage(daemon.pid).cpuSeconds - cpuBefore
  const resident = residentBytes(daemon.pid)
  ending.abort()
  const [messages, calls] = await others
  await daemon.stop()
  const read = of - from
  return {
    ...{ perSecond: read / seconds, perCore: read / cpuSeconds, perCoreBest: bestOf(seen) },
    ...{ firstPageSeconds, messages, calls, resident },
  }
}

interface Seen {
  readonly atMs: number
  readonly entries: number
  readonly cpuSeconds: number
}

function bestOf(seen: readonly Seen[]): number {
  return seen.reduce((best, from) => {
    const to = seen.find(({ atMs }) => atMs >= from.atMs + 10_000)
    return to === undefined ? best : Math.max(best, (to.entries - from.entries) / (to.cpuSeconds - from.cpuSeconds))
  }, 0)
}

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '1' },
    home: { type: 'string' },
  },
})
const entries = Number(values.entries)
const folder = values.home ?? mkdtempSync(join(tmpdir(), 'peerhood-community-'))
try {
  const madeAt = join(folder, 'made.json')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(madeAt)) {
    const startMs = performance.now()
    writeFileSync(madeAt, JSON.stringify(await makeHome(folder, entries)))
    console.log(`made ${entries} entries in ${Math.round((performance.now() - startMs) / 1000)} s`)
  }
  const facts = JSON.parse(readFileSync(madeAt, 'utf8')) as MadeFacts
  const { community: id, entries: count } = facts
  const rebuilt: Rebuilt[] = []
  const used: Rebuilt[] = []
  const opened: Opened[] = []
  const floors: number[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    used.push(await rebuild(folder, id, true))
    floors.push(floorOf(folder, id))
    rebuilt.push(await rebuild(folder, id, false))
    floors.push(floorOf(folder, id))
    for (let again = 0; again < 3; again++) opened.push(await open(folder, id))
  }
  const of = (read: (one: Rebuilt) => number) => median(rebuilt.map(read))
  const [messages, calls] = [used.flatMap((one) => one.messages), used.flatMap((one) => one.calls)]
  const size = (name: string) => megabytes(statSync(join(folder, name)).size)
  const rows = [
    ['open: from start to the newest page', `${median(opened.map(({ seconds }) => seconds)).toFixed(2)} s`],
    ['  memory then', megabytes(median(opened.map(({ resident }) => resident)))],
    ['rebuild: entries a second', `${Math.round(of((one) => one.perSecond)).toLocaleString('en')}`],
    ['  a second and core', `${Math.round(of((one) => one.perCore)).toLocaleString('en')}`],
    ['  the same in the best ten seconds', `${Math.round(of((one) => one.perCoreBest)).toLocaleString('en')}`],
    ['  the floor, a second and core (floor.ts)', Math.round(median(floors)).toLocaleString('en')],
    ['  of the floor', `${Math.round((100 * of((one) => one.perCore)) / median(floors))} %`],
    ['  from start to a page', `${of((one) => one.firstPageSeconds).toFixed(2)} s`],
    ['  a message meanwhile: median, 99 %', `${ms(median(messages))}, ${ms(percentile(messages, 0.99))}`],
    ['  a small call meanwhile: median, 99 %', `${ms(median(calls))}, ${ms(percentile(calls, 0.99))}`],
    ['  memory at its end', megabytes(of((one) => one.resident))],
    ['a removal that voids one message', removed(await removal(folder, facts))],
    ['log, views on disk', `${size('peerhood.db')}, ${size('views.db')}`],
  ]
  console.log(
    `a community of ${count.toLocaleString('en')} entries, ${values.rounds} rounds, ${messages.length} messages, ${calls.length} calls`,
  )
  console.log(table(['what', 'value'], rows))
} finally {
  if (values.home === undefined) rmSync(folder, { recursive: true, force: true })
}
