// `peerhood ledger send`, `receive`, `history`, `allow`: the wallet on the command line. What is signed is shown in words first;
// nothing is sent before the person has said yes.

import type { Command } from 'commander'
import type { Allowance, Movement, WalletRequest } from '../../sdk/types.ts'
import { defineCommand, parseCount } from '../command.ts'
import { begin, type ConfirmedOptions, makeSure, show, type Work } from '../community.ts'
import { type CliContext, note } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { chooseLedger, communityOption, type LedgerOptions, withPassphrase } from '../ledger.ts'
import { printQr } from '../qr.ts'
import { fields, plain, shortId, table, timeToText } from '../text.ts'

interface SendOptions extends LedgerOptions, ConfirmedOptions {
  readonly token?: string
  readonly account?: number
  readonly id?: string
}

export function sendCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'send <to> <amount>',
    summary: 'send coins or tokens; shows what will happen and asks first',
    detail:
      'To: a member’s name, an address, a name of your address book, or an ethereum: link. What is shown was tried on the chain\n' +
      'before: what leaves, what comes, what it costs. --yes answers the question, except where a warning has to be read.',
    example:
      'peerhood ledger send Ada 12.5\npeerhood ledger send 0x12ab… 3 --token 0x34cd… --community Village\npeerhood ledger send Grace 1 --yes --json',
  })
    .option(...communityOption)
    .option('--token <address>', 'a token’s contract (default: the coin)')
    .option('--id <number>', 'which one, of tokens that are told apart (ERC-721, ERC-1155)')
    .option('--account <number>', 'from which of your accounts (default: 0)', parseCount(0, 999))
    .option('--yes', 'do not ask')
    .action(async (to: string, amount: string, _options: unknown, command: Command) => {
      const work = await begin<SendOptions>(context, command)
      const { daemon, call, options } = work
      const { ledger } = await chooseLedger(work)
      const { token, account, id } = options
      const proposal = {
        ...{ kind: 'send' as const, to: await receiverOf(work, ledger.community, to), amount },
        ...(token === undefined ? {} : { token }),
        ...(account === undefined ? {} : { account }),
        ...(id === undefined ? {} : { id }),
      }
      const request = await daemon.wallet.propose(ledger.community, proposal, call)
      const sent = await settle(work, ledger.community, request)
      show(work, sent, () => sentText(sent))
    })
}

/** A member by name becomes their account; the rest is the wallet's to read. */
async function receiverOf({ daemon, call }: Work<SendOptions>, community: string, to: string): Promise<string> {
  if (/^(0x|ethereum:)/i.test(to)) return to
  const { accounts } = await daemon.ledger.accounts(community, { limit: 100 }, call)
  const named = accounts.filter(
    ({ name, validator }) => !validator && name.toLowerCase() === to.replace(/^@/, '').toLowerCase(),
  )
  const [only, ...others] = named
  if (others.length > 0) throw cliErrors.ambiguous_name(`${plain(to)} is the name of several members.`)
  return only?.address ?? to
}

/** Shows what would be signed, asks, confirms; a request that is not confirmed is refused, so that none is left over. */
export async function settle(
  work: Work<LedgerOptions & ConfirmedOptions>,
  community: string,
  request: WalletRequest,
): Promise<WalletRequest> {
  const { context, daemon, call } = work
  if (request.state !== 'waiting') return request
  for (const line of requestLines(request)) note(context, line)
  const stops = request.warnings.filter(({ weight }) => weight === 'stop')
  try {
    if (stops.length > 0) await makeSure({ ...work, options: {} }, 'This can take more than you mean to give.')
    else await makeSure(work, 'Sign and send it?')
    return await withPassphrase(work, (passphrase) =>
      daemon.wallet.confirm(
        community,
        request.id,
        { ...passphrase, ...(stops.length > 0 ? { accept: true } : {}) },
        call,
      ),
    )
  } catch (error) {
    await daemon.wallet.refuse(community, request.id).catch(() => undefined)
    throw error
  }
}

function requestLines(request: WalletRequest): readonly string[] {
  const { sentence, changes, warnings, fee } = request
  return [
    sentence,
    ...changes.map((change) => `  ${change.sentence}`),
    ...(fee === null ? [] : [fee.most === '0' ? '  It costs nothing.' : `  It costs ${fee.text}.`]),
    ...warnings.map((warning) => `  ${warning.weight === 'note' ? 'Note' : 'Warning'}: ${warning.sentence}`),
  ]
}

export function sentText(request: WalletRequest): string {
  const { sentence, transaction, failure, state } = request
  if (failure !== null) throw cliErrors.not_confirmed(`${failure.sentence} ${failure.hint}`)
  if (request.signature !== null) {
    return fields([
      ['signed', sentence],
      ['signature', request.signature],
    ])
  }
  return fields([
    [state === 'sent' ? 'under way' : state, sentence],
    ['transaction', transaction ?? 'none'],
    ['next', 'It is final once it is in a block, mostly within seconds: `peerhood ledger history`.'],
  ])
}

// ---- receive

export function receiveCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'receive [amount]',
    summary: 'show your address and a link that wallets read, also as a QR code',
    example: 'peerhood ledger receive\npeerhood ledger receive 12.5 --qr',
  })
    .option(...communityOption)
    .option('--qr', 'draw the QR code')
    .action(async (amount: string | undefined, _options: unknown, command: Command) => {
      const work = await begin<LedgerOptions & { readonly qr?: true }>(context, command)
      const { ledger } = await chooseLedger(work)
      const asked = amount === undefined ? {} : { amount }
      const receive = await work.daemon.wallet.receive(ledger.community, { ...asked, ...work.call })
      show(work, receive, () =>
        fields([
          ['address', receive.address],
          ['link', receive.uri],
        ]),
      )
      if (work.options.qr === true && work.options.json === undefined) await printQr(context, receive.uri)
    })
}

// ---- history

interface HistoryOptions extends LedgerOptions {
  readonly limit?: number
  readonly before?: string
}

export function historyCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'history',
    summary: 'list what came and went, newest first',
    example: 'peerhood ledger history --limit 20',
  })
    .option(...communityOption)
    .option('--limit <number>', 'how many, up to 100 (default: 50)', parseCount(1, 100))
    .option('--before <mark>', 'go on where the last page ended')
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<HistoryOptions>(context, command)
      const { limit, before } = work.options
      const { ledger } = await chooseLedger(work)
      const page = { ...(limit === undefined ? {} : { limit }), ...(before === undefined ? {} : { before }) }
      const history = await work.daemon.wallet.history(ledger.community, { ...page, ...work.call })
      show(work, history, () => historyText(history.movements, history.sentence))
      if (history.before !== null && work.options.json === undefined)
        note(context, `Further back: --before ${history.before}`)
    })
}

function historyText(movements: readonly Movement[], sentence: string): string {
  if (movements.length === 0) return `Nothing came or went. ${sentence}`
  const rows = movements.map((one) => [
    timeToText(one.timeMs),
    one.state,
    one.text,
    shortId(one.transaction),
    one.sentence,
  ])
  return table(['WHEN', 'STATE', 'AMOUNT', 'TRANSACTION', 'WHAT'], rows)
}

// ---- allow

interface AllowOptions extends LedgerOptions, ConfirmedOptions {
  readonly token?: string
}

export function allowCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'allow [amount]',
    summary:
      'let programs that have the API token spend so much in any 24 hours; without an amount: show what they may',
    detail:
      'A program with the API token can ask to spend, and you say yes or no in the page or with `peerhood ledger send`. Within\n' +
      'what you allow here it needs no yes. 0 takes it back.',
    example: 'peerhood ledger allow 5\npeerhood ledger allow 0\npeerhood ledger allow',
  })
    .option(...communityOption)
    .option('--token <address>', 'a token’s contract (default: the coin)')
    .option('--yes', 'do not ask')
    .action(async (amount: string | undefined, _options: unknown, command: Command) => {
      const work = await begin<AllowOptions>(context, command)
      const { daemon, call, options } = work
      const { ledger } = await chooseLedger(work)
      if (amount === undefined) {
        const allowances = await daemon.wallet.allowances(ledger.community, call)
        return show(work, allowances, () => allowancesText(allowances))
      }
      if (amount !== '0') await makeSure(work, `Programs may then spend ${plain(amount)} a day without asking.`)
      const token = options.token === undefined ? {} : { token: options.token }
      const allowances = await withPassphrase(work, (passphrase) =>
        daemon.wallet.allow(ledger.community, { amount, ...token, ...passphrase }, call),
      )
      show(work, allowances, () => allowancesText(allowances))
    })
}

function allowancesText(allowances: readonly Allowance[]): string {
  if (allowances.length === 0) return 'Programs may spend nothing without your yes.'
  const rows = allowances.map(({ asset, text, active }) => [
    asset.symbol,
    text,
    active ? 'yes' : 'rests until you confirm something',
  ])
  return table(['WHAT', 'A DAY', 'ACTIVE'], rows)
}
