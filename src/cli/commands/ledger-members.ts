// `peerhood ledger members` and `ledger chain`: who transacts free by the chain, and which chain the community uses.

import { type Command, InvalidArgumentError } from 'commander'
import type { Ledger, LedgerMembers } from '../../sdk/types.ts'
import { defineCommand, parseCount } from '../command.ts'
import { begin, show, type Work } from '../community.ts'
import type { CliContext } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { chooseLedger, communityOption, type LedgerOptions } from '../ledger.ts'
import { fields, table } from '../text.ts'

// ---- members

export function membersCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'members',
    summary: 'list who transacts free by the chain, who is let in next and who is taken out',
    detail:
      'The chain follows the community by itself: a validator lets in whoever told an account, and once enough validators have\n' +
      'signed it, whoever left, was removed or has another account loses the free quota. Each signs only what its own log says.',
    example: 'peerhood ledger members --community Village\npeerhood ledger members --json',
  })
    .option(...communityOption)
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<LedgerOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      const all = await allMembers(work, ledger.community)
      show(work, all, () => membersText(all, ledger))
    })
}

async function allMembers({ daemon, call }: Work<LedgerOptions>, community: string): Promise<LedgerMembers> {
  const first = await daemon.ledger.members(community, { limit: 100 }, call)
  const members = [...first.members]
  while (members.length < first.total) {
    const next = await daemon.ledger.members(community, { offset: members.length, limit: 100 }, call)
    if (next.members.length === 0) break
    members.push(...next.members)
  }
  return { ...first, members }
}

function membersText({ members, words, needed }: LedgerMembers, { membership }: Ledger): string {
  const rows = members.map((one) => [
    one.address,
    `${one.name}${one.isSelf ? ' (you)' : one.validator ? ' (validator)' : ''}`,
    one.state,
    one.sentence,
  ])
  const list = table(['ADDRESS', 'WHOSE', 'STATE', 'WHAT THAT MEANS'], rows)
  const head = membership === null ? '' : `${membership.sentence}\n\n`
  if (words.length === 0) return `${head}${list}`
  const signed = words.map((one) => [one.name, [...one.removed, ...one.admitted].join(' ')])
  return `${head}${list}\n\n${table(['SIGNED BY', `WHAT CHANGES, ONCE ${needed} HAVE SIGNED THE SAME`], signed)}`
}

// ---- chain

interface ChainOptions extends LedgerOptions {
  readonly use?: number
  readonly name?: string
  readonly coin?: string
  readonly rpc?: string
  readonly own?: true
  readonly accept?: true
  readonly here?: string | true
  readonly follow?: true
}

export function chainCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'chain',
    summary: 'show which chain the community uses, choose it, or agree to it on this computer',
    detail:
      'A community runs a chain of its own, or uses one that others run, by its chain id. An address told to the community is seen\n' +
      'by every member: never one with a key in it. Nothing is asked there before you --accept it on this computer, or bring an\n' +
      'address of your own with --here; that one is told to nobody.',
    example:
      'peerhood ledger chain\npeerhood ledger chain --use 100 --name Gnosis --coin xDAI --rpc https://rpc.gnosischain.com\n' +
      'peerhood ledger chain --accept\npeerhood ledger chain --here https://gnosis.example/v3/my-key\npeerhood ledger chain --own',
  })
    .option(...communityOption)
    .option(
      '--use <chain id>',
      'the community uses this chain from now on; takes --name and --coin',
      parseCount(1, 4_503_599_627_370_476),
    )
    .option('--name <name>', 'what that chain is called')
    .option('--coin <symbol>', 'symbol of its coin', parseSymbol)
    .option('--rpc <address>', 'where anybody may ask it, without a key (default: each member brings an address)')
    .option('--own', 'the community uses the chain that it runs itself')
    .option('--accept', 'agree on this computer to what the community chose')
    .option(
      '--here [address]',
      'agree with an address of your own; without one: this computer uses the community’s own chain',
    )
    .option('--follow', 'this computer uses what the community says again')
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<ChainOptions>(context, command)
      const { use, own, accept, here, follow } = work.options
      if ([use, own, accept, here, follow].filter((one) => one !== undefined).length > 1) {
        throw cliErrors.usage('Give one of --use, --own, --accept, --here and --follow.')
      }
      const { community, ledger } = await chooseLedger(work)
      const changed = await change(work, ledger)
      const { chain } = await work.daemon.wallet.chain(community.id, work.call)
      const result = { community: changed.choice, here: chain }
      show(work, result, () => chainText(result, ledger))
    })
}

async function change({ daemon, call, options }: Work<ChainOptions>, ledger: Ledger): Promise<Ledger> {
  const { use, name, coin, rpc, own, accept, here, follow } = options
  const { community, choice } = ledger
  if (own === true) return daemon.ledger.choose(community, null, call)
  if (use !== undefined) {
    if (name === undefined || coin === undefined) throw cliErrors.usage('--use takes --name and --coin too.')
    const chain = { chainId: use, name, coin: { name: coin, symbol: coin }, ...(rpc === undefined ? {} : { rpc }) }
    return daemon.ledger.choose(community, chain, call)
  }
  if (follow === true) await daemon.wallet.chooseChain(community, null, call)
  if (here === true) await daemon.wallet.chooseChain(community, 'own', call)
  const address = typeof here === 'string' ? here : accept === true ? (choice.rpc ?? undefined) : undefined
  if (accept !== true && typeof here !== 'string') return ledger
  if (choice.kind !== 'outside' || choice.chainId === null || choice.coin === null) {
    throw cliErrors.usage('The community uses its own chain: there is nothing to agree to.')
  }
  if (address === undefined) throw cliErrors.usage('The community names no address: bring one with --here ADDRESS.')
  const { chainId, name: called, coin: its } = choice
  await daemon.wallet.chooseChain(community, { chainId, name: called, coin: its, rpc: address }, call)
  return ledger
}

interface Chains {
  readonly community: Ledger['choice']
  readonly here: { readonly sentence: string; readonly warnings: readonly string[] } | null
}

function chainText({ community, here }: Chains, { founded }: Ledger): string {
  const { sentence, warnings, byName, rpc, kind } = community
  const isAsked = kind === 'outside' && here === null
  const next =
    rpc === null
      ? 'Bring an address with --here ADDRESS.'
      : 'Agree with --accept, or bring an address with --here ADDRESS.'
  return fields([
    ['community', sentence],
    ...(byName === '' ? [] : [['chosen by', byName] as [string, string]]),
    ...(rpc === null ? [] : [['address', rpc] as [string, string]]),
    ...warnings.map((warning): [string, string] => ['mind', warning]),
    [
      'this computer',
      here?.sentence ??
        (isAsked ? `asks nothing there yet. ${next}` : founded === null ? 'none' : 'it is being opened'),
    ],
    ...(here?.warnings ?? []).map((warning): [string, string] => ['mind', warning]),
  ])
}

function parseSymbol(text: string): string {
  if (/^[!-~]{1,12}$/.test(text)) return text
  throw new InvalidArgumentError('It is 1 to 12 characters without a space.')
}
