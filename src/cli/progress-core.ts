// What a progress line says, as text. Pure: a snapshot and a width come in, a line goes out.

import { bytesToText, count, cut, plain, secondsToText, widthOf } from './text.ts'

/** What both a transfer and a scan can be shown as. */
export interface Progress {
  readonly label: string
  readonly done: number
  /** 0 while unknown. */
  readonly total: number
  readonly bytesPerSecond: number | undefined
  readonly secondsLeft: number | undefined
  /** Undefined where peers have no part in it. */
  readonly peers: number | undefined
  /** Shown instead of figures while there are none. */
  readonly sentence: string
  /** What `done` and `total` count: bytes where it is left out. */
  readonly unit?: string
}

const barColumnsMax = 30
const labelColumnsMax = 32

/** One line of at most `columns`; what matters least gives way first: bar, then peers, then label. */
export function progressLine(progress: Progress, columns: number): string {
  const figures = figuresOf(progress)
  const label = cut(plain(progress.label), Math.min(labelColumnsMax, Math.floor(columns / 3)))
  const left = columns - widthOf(label) - widthOf(figures) - 4
  const bar = progress.total > 0 && left >= 8 ? `${barOf(progress, Math.min(barColumnsMax, left))}  ` : ''
  return cut(`${label}  ${bar}${figures}`, columns)
}

/** For logs and pipes: the same without the bar. */
export function progressPlainLine(progress: Progress): string {
  return `${plain(progress.label)}: ${figuresOf(progress)}`
}

export function percentOf(progress: Progress): number {
  // Never 100 before it is: the last block counts.
  return progress.total > 0 ? Math.floor((100 * progress.done) / progress.total) : 0
}

function figuresOf(progress: Progress): string {
  if (progress.total === 0) return plain(progress.sentence)
  const parts = [`${String(percentOf(progress)).padStart(3)} %`, amountsOf(progress)]
  if (progress.bytesPerSecond !== undefined) parts.push(`${bytesToText(progress.bytesPerSecond)}/s`)
  if (progress.secondsLeft !== undefined) parts.push(`${secondsToText(progress.secondsLeft)} left`)
  if (progress.peers !== undefined) parts.push(count(progress.peers, 'peer'))
  return parts.join('  ')
}

function amountsOf({ done, total, unit }: Progress): string {
  if (unit === undefined) return `${bytesToText(done)} of ${bytesToText(total)}`
  return `${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${unit}`
}

function barOf(progress: Progress, columns: number): string {
  const filled = Math.min(columns, Math.floor((columns * progress.done) / progress.total))
  return '━'.repeat(filled) + '─'.repeat(columns - filled)
}
