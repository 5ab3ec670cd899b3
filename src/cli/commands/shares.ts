// `peerhood shares`: what this computer offers and holds.

import type { Command } from 'commander'
import type { Share } from '../../sdk/types.ts'
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
      const shares = await daemon.shares.list({ signal: context.signal })
      if (options.json) printJson(context, shares)
      else if (shares.length === 0) print(context, 'Nothing is shared. Share something with `peerhood share PATH`.')
      else await showShares(context, shares, options)
    })
}

async function showShares(context: CliContext, shares: readonly Share[], options: SharesOptions): Promise<void> {
  const headings = ['ID', 'NAME', 'STATE', 'SIZE', 'FILES', 'KIND', 'FETCHING', 'PATH']
  print(context, table(headings, shares.map(shareRow)))
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
