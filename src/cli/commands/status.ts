// `peerhood status`: this peer at a glance.

import type { Command } from 'commander'
import type { IpfsStatus, Status } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { bytesToText, count, fields, plain } from '../text.ts'

export function statusCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'status',
    summary: 'show this peer at a glance',
    example: 'peerhood status',
  }).action(async (options: CommonOptions) => {
    const daemon = await context.daemon()
    const status = await daemon.status({ signal: context.signal })
    if (options.json) return printJson(context, status)
    print(context, statusText(status, await daemon.ipfs.status({ signal: context.signal })))
  })
}

function statusText(status: Status, { gateway }: IpfsStatus): string {
  const lines = fields([
    ['peer', status.peerId],
    ['person', status.did ?? 'locked'],
    ['device', status.deviceName],
    ['data', status.home],
    ['reach', status.reachability.sentence],
    ['addresses', status.addresses.length > 0 ? status.addresses : 'none yet'],
    ['peers', `${status.peersConnected} connected, ${status.peersKnown} known`],
    ['shares', String(status.shares)],
    ['transfers', `${count(status.transfersActive, 'transfer')} under way`],
    ['traffic', `${bytesToText(status.bytesIn)} in, ${bytesToText(status.bytesOut)} out`],
    ['IPFS gateway', gateway ?? 'off'],
    ['version', status.version],
  ])
  const notices = status.notices.map((notice) => plain(`! ${notice.sentence} ${notice.advice ?? ''}`.trimEnd()))
  return [lines, ...notices].join('\n')
}
