// Where a command reads and writes: standard streams, and what is known about them. The one line that is rewritten in
// place lives here too, because everything else that is printed has to go around it.

import { type Progress, progressLine, progressPlainLine } from './progress-core.ts'

/** The part of a stream of `process` that commands use; tests give their own. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface Terminal {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: NodeJS.ReadStream
  /** Whether a person sits at both ends, so that asking makes sense. */
  readonly canAsk: boolean
  readonly colour: boolean
}

/** Shows progress until it is cleared. */
export interface ProgressView {
  update(progress: Progress): void
  /** Leaves the terminal as if the line had never been there. */
  clear(): void
}

const redrawMsMin = 100
const plainLineMsMin = 5_000

/** On a terminal one line, rewritten; otherwise a line every few seconds. Both on stderr: stdout is for results. */
export function showProgress(terminal: Terminal, nowMs: () => number): ProgressView {
  return terminal.stderr.isTTY === true ? rewrittenLine(terminal, nowMs) : plainLines(terminal, nowMs)
}

/** For `--json` and `--quiet`. */
export const noProgress: ProgressView = { update: () => undefined, clear: () => undefined }

function rewrittenLine(terminal: Terminal, nowMs: () => number): ProgressView {
  const { stderr } = terminal
  let shown: number | undefined
  let drawnMs = Number.NEGATIVE_INFINITY

  // A window made narrower has broken our line into several: go up to the first of them before erasing.
  const erase = () => {
    if (shown === undefined) return ''
    const rowsUp = Math.max(0, Math.ceil(shown / Math.max(1, stderr.columns ?? 80)) - 1)
    return `\r${rowsUp > 0 ? `\u001b[${rowsUp}A` : ''}\u001b[J`
  }
  return {
    update(progress) {
      if (nowMs() - drawnMs < redrawMsMin) return
      drawnMs = nowMs()
      // One column stays free: a full line makes some terminals wrap.
      const columns = Math.max(10, (stderr.columns ?? 80) - 1)
      const line = progressLine(progress, columns)
      stderr.write(erase() + tint(terminal, line))
      shown = columns
    },
    clear() {
      stderr.write(erase())
      shown = undefined
    },
  }
}

function plainLines(terminal: Terminal, nowMs: () => number): ProgressView {
  let printedMs = Number.NEGATIVE_INFINITY
  let printed = ''
  return {
    update(progress) {
      const line = progressPlainLine(progress)
      if (line === printed || nowMs() - printedMs < plainLineMsMin) return
      printedMs = nowMs()
      printed = line
      terminal.stderr.write(`${line}\n`)
    },
    clear: () => undefined,
  }
}

/** Colours the filled part of a bar. */
function tint(terminal: Terminal, line: string): string {
  return terminal.colour ? line.replace(/━+/, (bar) => `\u001b[36m${bar}\u001b[39m`) : line
}

/** Text that stands out, where colours are wanted (https://no-color.org). */
export function bold(terminal: Terminal, text: string): string {
  return terminal.colour ? `\u001b[1m${text}\u001b[22m` : text
}
