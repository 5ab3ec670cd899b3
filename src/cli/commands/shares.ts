// `peerhood shares`: what this computer offers and holds.

import type { Command } from 'commander'
import type { Share, ShareCopies } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { printQr } from '../qr.ts'
import { bytesToText, shortId, table } from '../text.ts'

interface SharesOptions extends CommonOptions {
  readonly links?: true
  readonly qr?: true
}

export function sharesCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'shares',
    summary: 'list what this computer offers and holds',
    example: 'peerhood shares --links',
  })
    .option('--links', 'print each link as well')
    .option('--qr', 'print each link as a QR code as well')
    .action(async (options: SharesOptions) => {
      const daemon = await context.daemon()
      const call = { signal: context.signal }
      const [shares, copies] = await Promise.all([daemon.shares.list(call), daemon.copies.get(call)])
      const copiesOf = new Map(copies.shares.map((one) => [one.shareId, one]))
      if (options.json)
        printJson(
          context,
          shares.map((share) => ({ ...share, copies: copiesOf.get(share.id) ?? null })),
        )
      else if (shares.length === 0) print(context, 'Nothing is shared. Share something with `peerhood share PATH`.')
      else await showShares(context, shares, copiesOf, options)
    })
}

async function showShares(
  context: CliContext,
  shares: readonly Share[],
  copiesOf: ReadonlyMap<string, ShareCopies>,
  options: SharesOptions,
): Promise<void> {
  const headings = ['ID', 'NAME', 'STATE', 'SIZE', 'FILES', 'KIND', 'FETCHING', 'PATH']
  print(context, table(headings, shares.map(shareRow)))
  const copied = shares.flatMap((share) => {
    const copies = copiesOf.get(share.id)
    return copies === undefined ? [] : [[share.name ?? shortId(share.id), copiesText(copies)]]
  })
  if (copied.length > 0) print(context, `\n${table(['COPIES OF', 'ALIVE AND WHERE'], copied)}`)
  if (!options.links && !options.qr) return
  for (const share of shares) {
    if (share.link === null) continue
    print(context, `\n${shortId(share.id)}\n${share.link}`)
    if (options.qr) await printQr(context, share.link)
  }
}

function shareRow(share: Share): string[] {
  const state = share.problem === null ? share.state : `${share.state} (${share.problem.code})`
  return [
    shortId(share.id),
    share.name ?? '(sealed)',
    state,
    bytesToText(share.bytes),
    String(share.files),
    `${share.origin} ${share.visibility}`,
    String(share.fetching.length),
    share.path ?? '',
  ]
}

/** `2 of 3: nas, Ada’s laptop; lost: attic`. */
function copiesText({ copies, alive, where, sentence }: ShareCopies): string {
  const named = (one: ShareCopies['where'][number]) => one.label || one.peerId
  const here = where.filter(({ standing }) => standing === 'alive').map(named)
  const others = where.filter(({ standing }) => standing !== 'alive').map((one) => `${one.standing}: ${named(one)}`)
  const places = [here.join(', '), ...others].filter((text) => text !== '')
  return `${alive} of ${copies}${places.length === 0 ? `. ${sentence}` : `: ${places.join('; ')}`}`
}
