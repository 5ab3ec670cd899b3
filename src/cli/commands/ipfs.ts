// `peerhood ipfs`: public shares and IPFS: gets by CID, CAR files, and how it stands.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { isPeerhoodError } from '../../base/errors.ts'
import type { IpfsJob, IpfsJobRequest, IpfsStatus, Peerhood } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson, progressOf } from '../context.ts'
import type { Progress } from '../progress-core.ts'
import { bytesToText, count, fields, plain, shortId } from '../text.ts'

interface BringOptions extends CommonOptions {
  readonly to?: string
  readonly from?: string
  readonly name?: string
  /** commander: false when `--no-share` was given, else true. */
  readonly share: boolean
}

interface ExportOptions extends CommonOptions {
  readonly to: string
  readonly from?: string
}

export function ipfsCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'ipfs',
    summary: 'get from IPFS, import and export CAR files, and see how public shares are reached',
    detail:
      'Public shares are served to IPFS peers by bitswap; `peerhood start --gateway` serves them over HTTP as well.',
    example: 'peerhood ipfs\npeerhood ipfs get bafy… --to ~/Downloads\npeerhood ipfs export bafy… --to site.car',
  })
    .action(async (_options: CommonOptions, command: Command) => {
      const options: CommonOptions = command.optsWithGlobals()
      const status = await (await context.daemon()).ipfs.status({ signal: context.signal })
      if (options.json) printJson(context, status)
      else print(context, statusText(status))
    })
    .addCommand(getCommand(context))
    .addCommand(importCommand(context))
    .addCommand(exportCommand(context))
}

const from = [
  '--from <multiaddr>',
  'a peer that has it (default: whoever is connected, and the DHT with `start --ipfs`)',
] as const
const to = ['--to <folder>', 'folder to write into (default: the present one)'] as const

function getCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'get <cid>',
    summary: 'fetch a file or folder by its CID from IPFS peers, checked block by block',
    detail:
      'It becomes a public share of this peer, so that IPFS peers can get it from here, too. Ctrl-C leaves what has\n' +
      'arrived where it is: the same command goes on from there. With --json an object a line: event is progress or\n' +
      'done; the last one has path, cid and shareCid.',
    example: 'peerhood ipfs get bafy… --from /ip4/203.0.113.7/tcp/4001/p2p/12D3Koo… --to ~/Downloads --name photos',
  })
    .option(...to)
    .option(...from)
    .option('--name <name>', 'what to call it (default: the CID)')
    .option('--no-share', 'only write the files')
    .action(async (cid: string, _options: unknown, command: Command) => {
      const options: BringOptions = command.optsWithGlobals()
      const request = { kind: 'get', cid, ...bringRequest(context, options), ...fromOf(options) } as const
      await run(context, request, options, (job) => broughtText(job))
    })
}

function importCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'import <file>',
    summary: 'unpack a CAR file into files and share them publicly',
    detail: 'The file is CAR version 1 with one root; every block is checked, and none may be missing.',
    example: 'peerhood ipfs import site.car --to ~/Sites',
  })
    .option(...to)
    .option('--name <name>', 'what to call it (default: the name of the CAR file)')
    .option('--no-share', 'only write the files')
    .action(async (file: string, _options: unknown, command: Command) => {
      const options: BringOptions = command.optsWithGlobals()
      const path = resolve(context.workFolder, file)
      await run(context, { kind: 'import', file: path, ...bringRequest(context, options) }, options, broughtText)
    })
}

function exportCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'export <share-or-cid>',
    summary: 'write a public share, or what a CID names, into a CAR file',
    example: 'peerhood ipfs export bafy… --to site.car',
  })
    .requiredOption('--to <file>', 'CAR file to write; must not exist')
    .option(...from)
    .action(async (what: string, _options: unknown, command: Command) => {
      const options: ExportOptions = command.optsWithGlobals()
      const daemon = await context.daemon()
      const target = resolve(context.workFolder, options.to)
      const request = {
        kind: 'export',
        what: await shareIdOf(context, daemon, what),
        to: target,
        ...fromOf(options),
      } as const
      await run(
        context,
        request,
        options,
        (job) => `${plain(job.path ?? '')}\n${bytesToText(job.bytes)}, root ${job.cid}`,
      )
    })
}

/** The whole id of a share that is named by the beginning of one; anything else as it is. */
async function shareIdOf(context: CliContext, daemon: Peerhood, text: string): Promise<string> {
  const shares = await daemon.shares.list({ signal: context.signal })
  const matches = shares.filter(({ id }) => id.startsWith(text))
  return matches.length === 1 && matches[0] !== undefined ? matches[0].id : text
}

function bringRequest(context: CliContext, { to: folder, name, share }: BringOptions) {
  const named = name === undefined ? {} : { name }
  return { to: resolve(context.workFolder, folder ?? '.'), share, ...named }
}

function fromOf(options: { readonly from?: string }): { from?: string } {
  return options.from === undefined ? {} : { from: options.from }
}

async function run(
  context: CliContext,
  request: IpfsJobRequest,
  options: CommonOptions,
  text: (job: IpfsJob) => string,
): Promise<void> {
  const daemon = await context.daemon()
  const { signal } = context
  const begun = await daemon.ipfs.add(request, { signal })
  const progress = progressOf(context, options)
  try {
    const onProgress = (job: IpfsJob) => {
      progress.update(progressOfJob(job))
      if (options.json && job.state === 'running') printJson(context, { event: 'progress', ...job })
    }
    const job = await daemon.ipfs.finished(begun.id, { signal, onProgress })
    progress.clear()
    if (options.json) printJson(context, { event: 'done', ...job })
    else print(context, text(job))
  } catch (error) {
    progress.clear()
    // Whoever leaves does not want it to go on behind their back.
    if (signal.aborted) await daemon.ipfs.cancel(begun.id).catch(ignoreGone)
    throw error
  }
}

function ignoreGone(error: unknown): void {
  if (!isPeerhoodError(error)) throw error
}

function progressOfJob({ kind, cid, bytes, bytesDone, files }: IpfsJob): Progress {
  return {
    label: cid === null ? kind : shortId(cid),
    done: bytesDone,
    total: kind === 'export' ? 0 : bytes,
    bytesPerSecond: undefined,
    secondsLeft: undefined,
    peers: undefined,
    sentence: kind === 'export' ? `${bytesToText(bytesDone)} written` : `${count(files, 'file')} here`,
  }
}

function broughtText(job: IpfsJob): string {
  const reused = job.bytesReused > 0 ? `, ${bytesToText(job.bytesReused)} of it was here already` : ''
  const left = job.left > 0 ? `, ${count(job.left, 'symbolic link')} left out` : ''
  const lines = [plain(job.path ?? ''), `${count(job.files, 'file')}, ${bytesToText(job.bytes)}${reused}${left}`]
  if (job.shareCid !== null && job.shareCid === job.cid) lines.push(`Shared publicly under the same CID, ${job.cid}`)
  if (job.shareCid !== null && job.shareCid !== job.cid) {
    lines.push(`Shared publicly as ${job.shareCid}: the original was cut into other blocks than Peerhood cuts.`)
  }
  return lines.join('\n')
}

function statusText(status: IpfsStatus): string {
  const { gateway, publicDht } = status
  const dht =
    publicDht === null
      ? 'off'
      : `${publicDht.peers} peers known, ${publicDht.provided} of ${publicDht.roots} roots announced`
  return fields([
    ['gateway', gateway ?? 'off (`peerhood start --gateway` turns it on)'],
    ['public DHT', publicDht === null ? 'off (`peerhood start --ipfs` joins it)' : dht],
    ['sent', `${count(status.blocksSent, 'block')}, ${bytesToText(status.bytesSent)}`],
    ['received', bytesToText(status.bytesReceived)],
    ['peers', String(status.peers.length)],
  ])
}
