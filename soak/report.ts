// What a soak says in the end: a table of the daemons' lives, and whether that is all right.

import type { MonitorLine } from './monitor.ts'
import { type Growth, growthOf, type Life, median, monitorLines } from './samples.ts'
import { type BadLine, controlName } from './scene.ts'

/** docs/soak.md: the event loop is never held up for longer, at the 99th percentile. */
const heldGoalMs = 50
const mebibyte = 2 ** 20
/** Of shorter lives one long piece of work is a hundredth. */
const toldSecondsMin = 60
/** As much may be chance over some minutes. */
const aliveAllowedPerMinute = mebibyte
const rssAllowedPerMinute = 6 * mebibyte
const descriptorsAllowedPerMinute = 2

export interface Told {
  readonly seed: string
  readonly minutes: number
  readonly lives: readonly Life[]
  readonly events: ReadonlyMap<string, number>
  readonly attacks: Readonly<Record<string, number>>
  readonly sent: number
  readonly transfers: number
  readonly problems: readonly string[]
  readonly badLines: readonly BadLine[]
}

interface LifeReport {
  readonly name: string
  readonly seconds: number
  readonly cpuSeconds: number
  readonly rss: Growth
  readonly alive: Growth
  readonly descriptors: Growth
  readonly delayMs: MonitorLine['delay'] | undefined
  readonly heldMs: MonitorLine['held'] | undefined
}

export interface Report extends Omit<Told, 'lives' | 'events'> {
  readonly events: Readonly<Record<string, number>>
  readonly lives: readonly LifeReport[]
  readonly ok: boolean
  /** Worst 99th percentiles of a daemon, ms: held up by its own code, and timers late; and of a process that does nothing. */
  readonly worst: { readonly held: number; readonly late: number; readonly control: number }
}

export function reportOf(told: Told): Report {
  const lives = told.lives.map(lifeOf).filter(({ seconds }) => seconds > 0)
  const leaks = lives.filter(({ alive, descriptors }) => alive.verdict === 'grows' || descriptors.verdict === 'grows')
  const problems = [
    ...told.problems,
    ...leaks.map(({ name, alive, descriptors }) => {
      const what =
        alive.verdict === 'grows'
          ? `${mebibytes(alive.perMinute)} MB`
          : `${descriptors.perMinute.toFixed(1)} descriptors`
      return `${name} gains ${what} a minute`
    }),
    ...told.badLines.map(({ name, code, line }) => `${name} logged ${code}: ${line}`),
  ]
  const daemons = lives.filter(({ name, seconds }) => name !== controlName && seconds >= toldSecondsMin)
  const control = lives.find(({ name }) => name === controlName)
  const worst = {
    held: Math.max(0, ...daemons.map(({ heldMs }) => heldMs?.p99 ?? 0)),
    late: Math.max(0, ...daemons.map(({ delayMs }) => delayMs?.p99 ?? 0)),
    control: control?.delayMs?.p99 ?? 0,
  }
  return { ...told, lives, problems, events: Object.fromEntries(told.events), ok: problems.length === 0, worst }
}

function lifeOf(life: Life): LifeReport {
  const { name, samples } = life
  const [first, last] = [samples[0], samples.at(-1)]
  const bornMs = first?.atMs ?? 0
  const lines = monitorLines(life)
  const points = (of: 'rssBytes' | 'descriptors') => samples.map((sample) => ({ atMs: sample.atMs, value: sample[of] }))
  const alive = lines.flatMap(({ atMs, alive }) => (alive === undefined ? [] : [{ atMs, value: alive }]))
  return {
    name,
    seconds: ((last?.atMs ?? 0) - bornMs) / 1_000,
    cpuSeconds: last?.cpuSeconds ?? 0,
    rss: growthOf(points('rssBytes'), bornMs, rssAllowedPerMinute),
    alive: growthOf(alive, bornMs, aliveAllowedPerMinute),
    descriptors: growthOf(points('descriptors'), bornMs, descriptorsAllowedPerMinute),
    delayMs: lines.at(-1)?.delay,
    heldMs: lines.at(-1)?.held,
  }
}

const mebibytes = (bytes: number) => (bytes / mebibyte).toFixed(1)

const columns = [
  'peer',
  'seconds',
  'CPU s',
  'RSS MB',
  'alive MB',
  'a minute',
  'descriptors',
  'a minute',
  'held p99',
  'max ms',
  'late p99',
  'max ms',
] as const

export function printReport(report: Report): void {
  const rows = report.lives.map(({ name, seconds, cpuSeconds, rss, alive, descriptors, delayMs, heldMs }) => [
    name,
    seconds.toFixed(0),
    cpuSeconds.toFixed(1),
    mebibytes(rss.median),
    mebibytes(alive.median),
    alive.verdict === 'too short to say' ? '-' : `${mebibytes(alive.perMinute)} ${alive.verdict}`,
    descriptors.median.toFixed(0),
    descriptors.verdict === 'too short to say' ? '-' : `${descriptors.perMinute.toFixed(1)} ${descriptors.verdict}`,
    ...[heldMs, delayMs].flatMap((figures) =>
      figures === undefined ? ['-', '-'] : [figures.p99.toFixed(1), figures.max.toFixed(0)],
    ),
  ])
  const widths = columns.map((column, at) => Math.max(column.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]) => cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ')
  console.log(line(columns))
  // Guests are many and short.
  for (const row of rows.filter(([name = '']) => !name.startsWith('guest'))) console.log(line(row))
  const guests = report.lives.filter(({ name }) => name.startsWith('guest'))
  if (guests.length > 0)
    console.log(`${guests.length} guests, ${median(guests.map(({ seconds }) => seconds)).toFixed(0)} s each`)
  console.log(`\ndone: ${list(report.events)}\nattacks: ${list(report.attacks)}`)
  console.log(`${report.sent} messages acknowledged, ${report.transfers} transfers checked byte for byte`)
  console.log(delaySentence(report.worst))
  for (const problem of report.problems) console.log(`PROBLEM ${problem}`)
  console.log(report.ok ? 'ok' : `FAILED (seed ${report.seed})`)
}

/** Held is the daemons' own doing, late also what else the computer does. */
function delaySentence({ held, late, control }: Report['worst']): string {
  const told = `99 of 100 times held up for at most ${held.toFixed(1)} ms by its own code (goal: ${heldGoalMs} ms)`
  const verdict = held <= heldGoalMs ? 'event loop' : 'event loop: GOAL MISSED'
  const others = `timers at most ${late.toFixed(1)} ms late, those of an idle process ${control.toFixed(1)} ms`
  return `${verdict}: ${told}; ${others}${control > heldGoalMs / 5 ? '; the computer is overloaded' : ''}`
}

const list = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([what, times]) => `${times} × ${what}`)
    .join(', ')
