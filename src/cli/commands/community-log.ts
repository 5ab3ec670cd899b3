// `peerhood community activity`, `verify`, `export`: the log itself, to look at, to check and to take along.

import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { isPeerhoodError } from '../../base/errors.ts'
import type { ActivityEntry, ExportLine, Verification } from '../../sdk/types.ts'
import { defineCommand, parseCount } from '../command.ts'
import { begin, chooseCommunity, show, type Work } from '../community.ts'
import { type CliContext, type CommonOptions, note, print, printJson, progressOf } from '../context.ts'
import { cliErrors } from '../errors.ts'
import type { Progress } from '../progress-core.ts'
import { noProgress } from '../terminal.ts'
import { count, fields, jsonText, plain, shortId, table, timeToText } from '../text.ts'

interface PageOptions extends CommonOptions {
  readonly limit?: number
  readonly before?: string
  readonly proof?: true
}

export function activityCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'activity <community>',
    summary: 'show who did what, newest first, with proof',
    example: 'peerhood community activity Family --limit 20 --proof',
  })
    .option('--limit <number>', 'how many entries, up to 200 (default: 50)', parseCount(1, 200))
    .option('--before <mark>', 'go on where the last page ended')
    .option('--proof', 'each entry’s CID, device, signature, and the peers that hold it')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<PageOptions>(context, command)
      const { id } = await chooseCommunity(work, name)
      const { limit, before } = work.options
      const page = { ...(limit === undefined ? {} : { limit }), ...(before === undefined ? {} : { before }) }
      const activity = await work.daemon.communities.activity(id, { ...page, ...work.call })
      show(work, activity, () => activityText(activity.entries, work.options.proof === true))
      if (activity.before !== null && work.options.json === undefined)
        note(context, `Further back: --before ${activity.before}`)
    })
}

function activityText(entries: readonly ActivityEntry[], proof: boolean): string {
  if (proof) return entries.map(proofText).join('\n\n')
  const rows = entries.map((entry) => [timeToText(entry.atMs), shortId(entry.id), standingOf(entry), entry.sentence])
  return table(['WHEN', 'ENTRY', 'COUNTS', 'WHAT'], rows)
}

function proofText(entry: ActivityEntry): string {
  return fields([
    ['what', entry.sentence],
    ['when', timeToText(entry.atMs)],
    ['by', `${entry.name ?? '?'} (${entry.person ?? 'sealed here'})`],
    ['counts', entry.void === null ? standingOf(entry) : `no: ${entry.void.sentence}`],
    ['entry', entry.cid],
    ['device', `${entry.device}, number ${entry.seq}`],
    ['signature', entry.signature],
    ['held by', entry.holders.length > 0 ? entry.holders : 'this computer alone, as far as it knows'],
  ])
}

function standingOf({ counts, void: reason }: ActivityEntry): string {
  if (counts === null) return 'sealed'
  return counts ? 'yes' : `no (${reason?.code ?? 'unknown'})`
}

export function verifyCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'verify <community>',
    summary: 'check every signature and hash, and print six words to compare by voice',
    detail:
      'The words stand for the Merkle root over all entries: who reads out the same six words holds the very same\n' +
      'entries. It ends with 5 when something is wrong.',
    example: 'peerhood community verify Family',
  }).action(async (name: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const { id } = await chooseCommunity(work, name)
    const verification = await work.daemon.communities.verify(id, work.call)
    show(work, verification, () => verificationText(verification))
    if (!verification.ok) {
      throw cliErrors.community_unsound(`${count(verification.problemsCount, 'problem')} found in the log.`)
    }
  })
}

function verificationText(verification: Verification): string {
  const { ok, entries, signatures, merkleRoot, words, problems, problemsCount } = verification
  const checked = `${entries.toLocaleString('en')} entries, ${signatures.toLocaleString('en')} signatures`
  const wrong = problems.map(({ entry, sentence }) => `${entry === null ? '' : `${shortId(entry)}: `}${sentence}`)
  const unnamed = problemsCount - problems.length
  return fields([
    ['checked', ok ? `${checked}: all in order` : checked],
    ['root', merkleRoot],
    ['words', words.join(' ')],
    ...(ok ? [] : [['wrong', unnamed > 0 ? [...wrong, `and ${unnamed} more`] : wrong] as const]),
  ])
}

interface ExportOptions extends CommonOptions {
  readonly to?: string
  readonly force?: true
}

export function exportCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'export <community>',
    summary: 'write everything that you may read as JSON lines',
    detail:
      'One object a line: export, member, role, entry (with what was signed, in base64), view, and at last end, without\n' +
      'which something is missing. docs/api.md says more. With --to the file is there once it is whole: an export that is\n' +
      'interrupted leaves nothing behind, and --json tells how far it is, a line at a time.',
    example:
      'peerhood community export Family --to family.jsonl\npeerhood community export Family | gzip > family.jsonl.gz',
  })
    .option('--to <file>', 'file to write (default: stdout)')
    .option('--force', 'replace the file if there is one')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<ExportOptions>(context, command)
      const { id } = await chooseCommunity(work, name)
      const lines = work.daemon.communities.export(id, work.call)
      if (work.options.to === undefined) for await (const line of shown(work, lines)) printJson(context, line)
      else await exportTo(work, lines, resolve(context.workFolder, work.options.to))
    })
}

/** Under another name until it is whole, so that half an export is never taken for one. */
async function exportTo(work: Work<ExportOptions>, lines: AsyncIterable<ExportLine>, path: string): Promise<void> {
  if (existsSync(path) && work.options.force !== true) throw cliErrors.file_exists(`${path} is there already.`)
  const part = `${path}.${process.pid}.part`
  try {
    const written = await writeLines(shown(work, lines), part, work.context.signal)
    renameSync(part, path)
    const result = { event: 'done', path, lines: written }
    if (work.options.json) printJson(work.context, result)
    else print(work.context, `${plain(path)}: ${count(written, 'line')}`)
  } catch (error) {
    rmSync(part, { force: true })
    if (work.context.signal.aborted) throw cliErrors.interrupted('It was interrupted; nothing was written.')
    if (isPeerhoodError(error)) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw cliErrors.file_not_writable(`${path} can't be written (${code}).`, { cause: error })
  }
}

async function writeLines(lines: AsyncIterable<ExportLine>, path: string, signal: AbortSignal): Promise<number> {
  let written = 0
  async function* texts(): AsyncGenerator<string, void> {
    for await (const line of lines) {
      yield `${jsonText(line)}\n`
      written += 1
    }
  }
  await pipeline(Readable.from(texts()), createWriteStream(path), { signal })
  return written
}

/** The same lines, and how far it is while they pass: on a terminal that is not what they are written to, or as JSON. */
async function* shown(
  { context, options }: Work<ExportOptions>,
  lines: AsyncIterable<ExportLine>,
): AsyncGenerator<ExportLine, void> {
  const toFile = options.to !== undefined
  const isSeen = toFile || context.terminal.stdout.isTTY !== true
  const progress = isSeen ? progressOf(context, options) : noProgress
  const everyMs = jsonProgressMs(toFile && options.json === true)
  const figures = { entries: 0, entriesTotal: 0 }
  let label = ''
  try {
    for await (const line of lines) {
      if (line.type === 'export') {
        figures.entriesTotal = line.community.entries
        label = line.community.name ?? shortId(line.community.id)
      }
      if (line.type === 'entry') figures.entries += 1
      // What arrives meanwhile is exported, too.
      figures.entriesTotal = Math.max(figures.entriesTotal, figures.entries)
      progress.update(exportProgress(label, figures))
      if (everyMs()) printJson(context, { event: 'progress', ...figures })
      yield line
    }
  } finally {
    progress.clear()
  }
}

interface ExportFigures {
  readonly entries: number
  readonly entriesTotal: number
}

function exportProgress(label: string, { entries, entriesTotal }: ExportFigures): Progress {
  return {
    ...{ label, done: entries, total: entriesTotal, unit: 'entries', sentence: 'exporting' },
    ...{ bytesPerSecond: undefined, secondsLeft: undefined, peers: undefined },
  }
}

const jsonProgressEveryMs = 500

/** Says yes at first, and then twice a second. */
function jsonProgressMs(wanted: boolean): () => boolean {
  let lastMs = Number.NEGATIVE_INFINITY
  return () => {
    const nowMs = performance.now()
    if (!wanted || nowMs - lastMs < jsonProgressEveryMs) return false
    lastMs = nowMs
    return true
  }
}
