// `peerhood share PATH…`: offers files and folders, and waits until each has its link.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { isPeerhoodError, PeerhoodError } from '../../base/errors.ts'
import type { Peerhood, Share, ShareCopies } from '../../sdk/types.ts'
import { defineCommand, parseCount } from '../command.ts'
import { type CliContext, type CommonOptions, note, print, printJson, progressOf } from '../context.ts'
import { cliErrors } from '../errors.ts'
import type { Progress } from '../progress-core.ts'
import { printQr } from '../qr.ts'
import { errorToJson } from '../report.ts'
import { bold } from '../terminal.ts'
import { bytesToText, count, plain } from '../text.ts'

interface ShareOptions extends CommonOptions {
  readonly public?: true
  readonly qr?: true
  readonly copies?: number
}

export function shareCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'share <path...>',
    summary: 'offer files or folders by link; nothing is copied',
    detail:
      'A share is private unless --public is given: only who has the link can read it, and who stores or relays it\n' +
      'sees nothing but sizes. Symbolic links are not followed; .gitignore files are obeyed. With --json one object\n' +
      'a path: link, cid, bytes, files. With --copies so many other computers are to hold it, beside this one: those that\n' +
      'agreed with `peerhood keep --for`. The same command again with another number changes it; 0 ends it.',
    example: 'peerhood share ~/Pictures/summer --qr\npeerhood share ~/Pictures/summer --copies 2',
  })
    .option('--public', 'do not encrypt: the content gets the CID that any IPFS tool gives it')
    .option('--qr', 'show the link as a QR code as well')
    .option('--copies <number>', 'copies on other computers, beside this one (see below)', parseCount(0, copiesMax))
    .action((paths: readonly string[], options: ShareOptions) => shareAll(context, paths, options))
}

/** As the API takes them (src/copies/limits.ts). */
const copiesMax = 16

/** One path that fails does not keep the others from being shared; the first failure decides the exit code. */
async function shareAll(context: CliContext, paths: readonly string[], options: ShareOptions): Promise<void> {
  const daemon = await context.daemon()
  const failures: PeerhoodError[] = []
  for (const path of paths) {
    try {
      await shareOne(context, daemon, path, options)
    } catch (error) {
      if (!isPeerhoodError(error) || error.kind === 'interrupted' || paths.length === 1) throw error
      failures.push(error)
      if (options.json) printJson(context, { ...errorToJson(error), path })
      else note(context, `${path}: ${error.message} ${error.hint}`)
    }
  }
  const [first] = failures
  if (first === undefined) return
  const { code, kind, hint } = first
  throw new PeerhoodError(code, { kind, hint }, `${failures.length} of ${paths.length} paths were not shared.`)
}

async function shareOne(context: CliContext, daemon: Peerhood, path: string, options: ShareOptions): Promise<void> {
  const absolute = resolve(context.workFolder, path)
  const { signal } = context
  const begun = await daemon.shares.add({ path: absolute, public: options.public === true }, { signal })
  const progress = progressOf(context, options)
  try {
    const onProgress = (share: Share) => progress.update(scanProgress(share, path))
    const share = await daemon.shares.ready(begun.id, { signal, onProgress })
    progress.clear()
    const { copies: wanted } = options
    const copies = wanted === undefined ? undefined : await daemon.copies.set(share.id, wanted, { signal })
    await showShare(context, share, copies, options)
  } catch (error) {
    progress.clear()
    // Whoever stops a first scan does not want it shared behind their back.
    if (signal.aborted && begun.sequence === 0) {
      await daemon.shares.remove(begun.id)
      throw cliErrors.interrupted(`${path} was not shared.`, { hint: 'Run the same command to share it.' })
    }
    throw error
  }
}

async function showShare(
  context: CliContext,
  share: Share,
  copies: ShareCopies | undefined,
  options: ShareOptions,
): Promise<void> {
  if (options.json) {
    const { id, link, keepLink, cid, bytes, files, name, kind, visibility, skippedCount, skipped } = share
    const shown = { id, link, keepLink, cid, bytes, files, name, kind, visibility, skippedCount, skipped }
    printJson(context, copies === undefined ? shown : { ...shown, copies })
    return
  }
  for (const left of share.skipped) note(context, `left out: ${left.path}: ${left.sentence}`)
  const unnamed = share.skippedCount - share.skipped.length
  if (unnamed > 0) note(context, `left out: ${unnamed} more`)
  const size = `${count(share.files, 'file')}, ${bytesToText(share.bytes)}`
  print(context, `${bold(context.terminal, plain(share.name ?? ''))}: ${size}, ${share.visibility}`)
  print(context, share.link ?? '')
  if (copies !== undefined)
    print(context, `${copies.sentence} \`peerhood shares\` shows how many there are, and where.`)
  if (options.qr && share.link !== null) await printQr(context, share.link)
}

function scanProgress(share: Share, path: string): Progress {
  return {
    label: share.name ?? path,
    done: share.scan?.bytes ?? 0,
    total: share.scan?.bytesTotal ?? 0,
    bytesPerSecond: undefined,
    secondsLeft: undefined,
    peers: undefined,
    sentence: share.scan === null ? 'waiting' : `${count(share.scan.files, 'file')} found`,
  }
}
