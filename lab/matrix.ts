// What the lab found, judged and as text. Pure.

import { allKinds, expectationOf, homeKinds, type Pair } from './homes.ts'
import type { Measured, Side } from './pairs.ts'

/** The issue's goal for the median of all pairs that had to be opened. */
export const directMedianMsMax = 1_000

export interface Verdict {
  readonly isMet: boolean
  /** What is wrong, or why a relay is all right; null where there is nothing to say. */
  readonly note: string | null
}

export function judge(measured: Measured): Verdict {
  const expected = expectationOf(measured)
  if (measured.problem !== null) return { isMet: false, note: measured.problem }
  if (measured.doneMs === null) return { isMet: false, note: 'the file did not arrive' }
  if (measured.directMs !== null) return { isMet: true, note: null }
  if (expected.path === 'any') return { isMet: true, note: `relayed is all right: ${expected.because}` }
  return { isMet: false, note: 'must become direct' }
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}

export interface Summary {
  readonly pairs: number
  readonly met: number
  readonly direct: number
  /** Of the pairs that began on a relay and became direct, in ms: since one asked, and since the relayed connection. */
  readonly directMedianMs: number | null
  readonly openedMedianMs: number | null
  readonly firstByteMedianMs: number | null
  readonly isMet: boolean
}

const present = (value: number | null): value is number => value !== null

export function summarize(all: readonly Measured[]): Summary {
  const opened = all.filter(({ firstPath, directMs }) => firstPath === 'relayed' && directMs !== null)
  const met = all.filter((measured) => judge(measured).isMet).length
  const directMedianMs = median(opened.map(({ directMs }) => directMs).filter(present))
  return {
    pairs: all.length,
    met,
    direct: all.filter(({ directMs }) => directMs !== null).length,
    directMedianMs,
    openedMedianMs: median(opened.map(({ directMs, connectedMs }) => (directMs ?? 0) - (connectedMs ?? 0))),
    firstByteMedianMs: median(all.map(({ firstByteMs }) => firstByteMs).filter(present)),
    isMet: met === all.length && (directMedianMs ?? 0) <= directMedianMsMax,
  }
}

export function seconds(ms: number | null): string {
  return ms === null ? '–' : (ms / 1000).toFixed(2)
}

function cellOf(measured: Measured | undefined): string {
  if (measured === undefined) return ''
  const mark = judge(measured).isMet ? '' : '!'
  if (measured.directMs !== null) return `${seconds(measured.directMs)}${mark}`
  return `${measured.connectedMs === null ? 'none' : 'relay'}${mark}`
}

const wide = 11

/** Who asks is above, who is asked at the left. */
export function matrixText(all: readonly Measured[]): string {
  const kinds = allKinds.filter((kind) => all.some(({ a, b }) => a === kind || b === kind))
  const cell = (pair: Pair) => cellOf(all.find(({ a, b }) => a === pair.a && b === pair.b))
  const line = (first: string, rest: readonly string[]) =>
    [first.padEnd(wide), ...rest.map((text) => text.padStart(wide))].join('').trimEnd()
  return [
    line('', kinds),
    ...kinds.map((b) =>
      line(
        b,
        kinds.map((a) => cell({ a, b })),
      ),
    ),
    '',
    'Seconds from asking to a direct connection; "relay": it stayed on a relay; "!": not as it must be.',
  ].join('\n')
}

const sideText = (name: string, { path, transport, reachability, sentence }: Side) =>
  `    ${name}: ${path}${transport === 'none' ? '' : ` by ${transport}`}, reached: ${reachability}${sentence === null ? '' : `. ${sentence}`}`

export function pairText(measured: Measured): string {
  const { a, b, connectedMs, firstByteMs, directMs, doneMs, firstPath, met, sides } = measured
  const { isMet, note } = judge(measured)
  const path = directMs === null ? (firstPath ?? 'none') : 'direct'
  const times = [
    `connected ${seconds(connectedMs)}`,
    `first byte ${seconds(firstByteMs)}`,
    `direct ${seconds(directMs)}`,
    `done ${seconds(doneMs)}`,
  ].join('  ')
  const notes = [met ? 'had met already' : null, note].filter((text) => text !== null)
  return [
    `${isMet ? 'ok  ' : 'FAIL'} ${`${a} → ${b}`.padEnd(wide * 2)} ${path.padEnd(8)} ${times}${notes.length > 0 ? `  (${notes.join('; ')})` : ''}`,
    sideText(a, sides.a),
    sideText(b, sides.b),
  ].join('\n')
}

export function summaryText(summary: Summary): string {
  const { pairs, met, direct, directMedianMs, openedMedianMs, firstByteMedianMs, isMet } = summary
  return [
    `${met} of ${pairs} pairs as they must be; ${direct} direct.`,
    `Median: first byte ${seconds(firstByteMedianMs)} s; from a relay to direct ${seconds(directMedianMs)} s after asking (goal: ${seconds(directMedianMsMax)} s), ${seconds(openedMedianMs)} s after the relayed connection.`,
    isMet ? 'All goals are met.' : 'Goals are missed.',
  ].join('\n')
}

export function kindsText(): string {
  return Object.entries(homeKinds)
    .map(([kind, text]) => `  ${kind.padEnd(wide)}${text}`)
    .join('\n')
}
