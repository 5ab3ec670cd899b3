// `peerhood transfers`: what is on its way, and how to hold, go on, end or forget it.

import type { Command } from 'commander'
import type { CallOptions, Peerhood, Transfer } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { selectById } from '../select.ts'
import { bytesToText, plain, secondsToText, shortId, table } from '../text.ts'

export function transfersCommand(context: CliContext): Command {
  const command = defineCommand({
    usage: 'transfers',
    summary: 'list transfers; pause, resume, cancel or remove one',
    example: 'peerhood transfers\npeerhood transfers pause 3fk2',
  }).action(async (options: CommonOptions) => {
    const daemon = await context.daemon()
    const transfers = await daemon.transfers.list({ signal: context.signal })
    if (options.json) printJson(context, transfers)
    else print(context, transfers.length === 0 ? 'There are no transfers.' : transfersTable(transfers))
  })
  for (const change of changes) command.addCommand(changeCommand(context, change))
  return command
}

interface Change {
  readonly name: string
  readonly summary: string
  run(daemon: Peerhood, id: string, options: CallOptions): Promise<Transfer | undefined>
}

const changes: readonly Change[] = [
  {
    name: 'pause',
    summary: 'hold a transfer; what has arrived stays',
    run: (daemon, id, options) => daemon.transfers.pause(id, options),
  },
  {
    name: 'resume',
    summary: 'go on with a paused or failed transfer',
    run: (daemon, id, options) => daemon.transfers.resume(id, options),
  },
  {
    name: 'cancel',
    summary: 'end a transfer and delete what has not been finished',
    run: (daemon, id, options) => daemon.transfers.cancel(id, options),
  },
  {
    name: 'remove',
    summary: 'take an ended transfer off the list; files stay',
    async run(daemon, id, options) {
      await daemon.transfers.remove(id, options)
      return undefined
    },
  },
]

function changeCommand(context: CliContext, change: Change): Command {
  return defineCommand({
    usage: `${change.name} <id>`,
    summary: change.summary,
    example: `peerhood transfers ${change.name} 3fk2`,
  }).action(async (id: string, _options: unknown, command: Command) => {
    const daemon = await context.daemon()
    const { signal } = context
    const chosen = selectById(await daemon.transfers.list({ signal }), id)
    const after = await change.run(daemon, chosen.id, { signal })
    const { json } = command.optsWithGlobals<CommonOptions>()
    if (json) printJson(context, after ?? { id: chosen.id, removed: true })
    else print(context, plain(after === undefined ? 'It is off the list.' : after.sentence))
  })
}

function transfersTable(transfers: readonly Transfer[]): string {
  const headings = ['ID', 'NAME', 'MODE', 'STATE', 'DONE', 'OF', 'SPEED', 'LEFT', 'PEERS', 'WHAT']
  return table(
    headings,
    transfers.map((transfer) => [
      shortId(transfer.id),
      transfer.name ?? '',
      transfer.mode,
      transfer.state,
      bytesToText(transfer.bytesDone),
      bytesToText(transfer.bytes),
      transfer.state === 'transferring' ? `${bytesToText(transfer.bytesPerSecond)}/s` : '',
      transfer.secondsLeft === null ? '' : secondsToText(transfer.secondsLeft),
      String(transfer.peers.length),
      transfer.problem?.sentence ?? transfer.sentence,
    ]),
  )
}
