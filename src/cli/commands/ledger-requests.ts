// `peerhood ledger requests`, `confirm`, `refuse`: what programs ask this person to sign, and the answer.

import type { Command } from 'commander'
import type { WalletRequest } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { begin, type ConfirmedOptions, show } from '../community.ts'
import type { CliContext } from '../context.ts'
import { chooseLedger, communityOption, type LedgerOptions } from '../ledger.ts'
import { plain, table, timeToText } from '../text.ts'
import { sentText, settle } from './ledger-wallet.ts'

export function requestsCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'requests',
    summary: 'list what programs ask you to sign, and what became of it',
    example: 'peerhood ledger requests',
  })
    .option(...communityOption)
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<LedgerOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      const requests = await work.daemon.wallet.requests(ledger.community, work.call)
      show(work, requests, () => requestsText(requests))
    })
}

function requestsText(requests: readonly WalletRequest[]): string {
  if (requests.length === 0) return 'Nobody asks you to sign anything.'
  const rows = requests.map(({ id, state, by, sentence, createdMs }) => [
    id,
    timeToText(createdMs),
    state,
    by === 'program' ? 'a program' : 'you',
    plain(sentence),
  ])
  return table(['ID', 'WHEN', 'STATE', 'BY', 'WHAT'], rows)
}

export function confirmCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'confirm <id>',
    summary: 'show a request in words, ask, and sign it',
    example: 'peerhood ledger confirm 1cHoyetIzmRH0V2A',
  })
    .option(...communityOption)
    .option('--yes', 'do not ask')
    .action(async (id: string, _options: unknown, command: Command) => {
      const work = await begin<LedgerOptions & ConfirmedOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      const request = await work.daemon.wallet.request(ledger.community, id, work.call)
      const done = await settle(work, ledger.community, request)
      show(work, done, () => sentText(done))
    })
}

export function refuseCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'refuse <id>',
    summary: 'refuse a request',
    example: 'peerhood ledger refuse 1cHoyetIzmRH0V2A',
  })
    .option(...communityOption)
    .action(async (id: string, _options: unknown, command: Command) => {
      const work = await begin<LedgerOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      const refused = await work.daemon.wallet.refuse(ledger.community, id, work.call)
      show(work, refused, () => `Refused: ${plain(refused.sentence)}`)
    })
}
