// `peerhood ledger`: found a community's ledger, see how it stands, who decides, who has what. Sending is in ledger-wallet.ts,
// proofs and export in ledger-proofs.ts.

import { type Command, InvalidArgumentError } from 'commander'
import type { Ledger, LedgerAccount, LedgerFoundRequest, LedgerValidator } from '../../sdk/types.ts'
import { coinOption, weiToText } from '../coin.ts'
import { collect, defineCommand, parseChoice, parseCount } from '../command.ts'
import { begin, show, type Work } from '../community.ts'
import type { CliContext } from '../context.ts'
import { cliErrors } from '../errors.ts'
import {
  addressOf,
  chooseLedger,
  communityOption,
  type LedgerOptions,
  namedValidators,
  withPassphrase,
} from '../ledger.ts'
import { selectNamed } from '../select.ts'
import { count, fields, shortId, table, timeToText } from '../text.ts'
import { chainCommand, membersCommand } from './ledger-members.ts'
import { checkCommand, exportCommand, proveCommand } from './ledger-proofs.ts'
import { recoveryCommand } from './ledger-recovery.ts'
import { confirmCommand, refuseCommand, requestsCommand } from './ledger-requests.ts'
import { abiCommand, verifyCommand } from './ledger-source.ts'
import { allowCommand, historyCommand, receiveCommand, sendCommand } from './ledger-wallet.ts'

export function ledgerCommand(context: CliContext): Command {
  const command = defineCommand({
    usage: 'ledger',
    summary: 'the chain that a community runs itself: coins, contracts, who owns what',
    detail:
      'A ledger keeps one order that nobody in the middle can change: its validators agree on each block. With four or more\n' +
      'of them one may fail or lie. Name the community with --community, or leave it out where only one has a ledger.',
    example:
      'peerhood ledger found --community Village --coin BREAD --supply 10000\npeerhood ledger status\npeerhood ledger send Ada 12.5',
  })
  const create = [
    foundCommand,
    statusCommand,
    validatorsCommand,
    membersCommand,
    chainCommand,
    balanceCommand,
    sendCommand,
    receiveCommand,
    historyCommand,
    allowCommand,
    requestsCommand,
    confirmCommand,
    refuseCommand,
    proveCommand,
    checkCommand,
    exportCommand,
    verifyCommand,
    abiCommand,
    settingsCommand,
    rpcCommand,
    recoveryCommand,
  ]
  for (const make of create) command.addCommand(make(context))
  return command
}

// ---- found

interface FoundOptions extends LedgerOptions {
  readonly name?: string
  readonly coin?: string
  readonly coinName?: string
  readonly validators?: readonly string[]
  readonly supply?: string
  readonly quota?: NonNullable<LedgerFoundRequest['quota']>
  readonly strangerFee?: string
  readonly blockTime?: number
}

function foundCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'found',
    summary: "found a community's ledger; needs an admin or owner",
    detail:
      'Validators are computers that offered it (`peerhood ledger validators --offer`); without --validators all of them, and\n' +
      'this one. Take four or more, of different persons: then one may fail or lie. Members transact free within the quota.\n' +
      'All of this is for good: it is what the chain begins with.',
    example:
      'peerhood ledger found --community Village --coin BREAD --supply 10000\n' +
      'peerhood ledger found --community Village --validators Ada/desk Grace/home Alan/server Mary/nas',
  })
    .option(...communityOption)
    .option('--name <name>', 'what the ledger is called (default: as the community)')
    .option('--coin <symbol>', 'its coin, 1 to 11 letters and digits (default: COIN)')
    .option('--coin-name <name>', 'what the coin is called (default: its symbol)')
    .option('--validators <person/device...>', 'who validates (default: all that offered, and this computer)', collect)
    .option('--supply <amount>', 'coins that you have at the start (default: none)', coinOption)
    .option('--quota <gas/blocks>', 'gas that a member uses free in so many blocks (default: 30000000/100)', parseQuota)
    .option('--stranger-fee <wei>', 'wei per gas that others pay (default: they are refused)', parseWei)
    .option('--block-time <ms>', 'least time between two blocks (default: 500)', parseCount(100, 600_000))
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<FoundOptions>(context, command)
      const { community, ledger } = await chooseLedger(work)
      const request = await requestOf(work, ledger)
      const made = await withPassphrase(work, (passphrase) =>
        work.daemon.ledger.found(community.id, { ...request, ...passphrase }, work.call),
      )
      show(work, made, () => `${statusText(made)}\nWallets on this computer ask it at ${made.rpc}`)
    })
}

async function requestOf({ options, daemon, call }: Work<FoundOptions>, ledger: Ledger): Promise<LedgerFoundRequest> {
  const { name, coin, coinName, validators, supply, quota, strangerFee, blockTime } = options
  const named = await namedValidators(ledger, (await daemon.communities.members(ledger.community, call)) ?? [])
  const chosen = validators?.map((text) => selectNamed(named, text, 'validator').peerId)
  return {
    ...(name === undefined ? {} : { name }),
    ...(coin === undefined ? {} : { coin: { symbol: coin, ...(coinName === undefined ? {} : { name: coinName }) } }),
    ...(chosen === undefined ? {} : { validators: chosen }),
    ...(supply === undefined ? {} : { supply }),
    ...(quota === undefined ? {} : { quota }),
    ...(strangerFee === undefined ? {} : { strangerFee }),
    ...(blockTime === undefined ? {} : { blockTimeMs: blockTime }),
  }
}

function parseQuota(text: string): { gas: string; blocks: number } {
  const match = /^(\d{1,15})\/(\d{1,5})$/.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new InvalidArgumentError('It is gas and blocks, like 30000000/100.')
  }
  return { gas: match[1], blocks: Number(match[2]) }
}

function parseWei(text: string): string {
  if (/^\d{1,30}$/.test(text)) return text
  throw new InvalidArgumentError('It is a whole number of wei.')
}

// ---- status

function statusCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'status',
    summary: 'show how far the ledger is, who decides, whose turn it is and what waits',
    example: 'peerhood ledger status --community Village',
  })
    .option(...communityOption)
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<LedgerOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      show(work, ledger, () => statusText(ledger))
    })
}

export function statusText(ledger: Ledger): string {
  const { founded, chain } = ledger
  if (founded === null) {
    return fields([
      ['ledger', 'none'],
      ['state', ledger.sentence],
      ...choiceFields(ledger),
      ['next', ledger.mayFound ? 'Found it with `peerhood ledger found`.' : 'An admin can found one.'],
    ])
  }
  const named: [string, string | readonly string[]][] = [
    ['ledger', `${founded.name}, chain ${founded.chainId}, coin ${founded.coin.symbol}`],
    ['state', ledger.sentence],
  ]
  if (chain?.trusted === true) named.push(['mode', 'trusted mode: no validator may fail or lie'])
  if (chain !== null) named.push(...chainFields(ledger, chain))
  named.push(...stepFields(ledger))
  named.push(['genesis', founded.genesisHash ?? 'not known yet'])
  named.push(['your account', ledger.account ?? 'not told to the community yet'])
  if (founded.others > 0) named.push(['warning', `It was founded ${founded.others + 1} times; only this one counts.`])
  return fields(named)
}

function chainFields(ledger: Ledger, chain: NonNullable<Ledger['chain']>): [string, string | readonly string[]][] {
  const inSet = ledger.validators.filter((one) => one.inSet)
  const online = inSet.filter((one) => one.online)
  const missing = inSet.filter((one) => !one.online).map(nameOfValidator)
  const leader = inSet.find(({ address }) => address === chain.leader)
  const behind = chain.heightSeen > chain.height ? ` of ${chain.heightSeen}` : ''
  return [
    ['height', `${chain.height}${behind}, last block ${timeToText(chain.timestamp * 1000)}`],
    ['validators', `${online.length} of ${inSet.length} online, ${chain.quorum} have to agree`],
    ...(missing.length === 0 ? [] : [['missing', missing.join(', ')] as [string, string]]),
    ['turn', leader === undefined ? 'nobody’s' : leader.isSelf ? 'this computer' : nameOfValidator(leader)],
    ['waiting', count(chain.waiting, 'transaction')],
    ['this computer', chain.voting.sentence],
    ...(chain.evidence === 0
      ? []
      : [['evidence', `${count(chain.evidence, 'pair')} of contradicting votes`] as [string, string]]),
  ]
}

/** How far the chain is from the community. */
function stepFields(ledger: Ledger): [string, string][] {
  const { membership, checkpoint, contradictions } = ledger
  const place = checkpoint === null ? '' : `block ${checkpoint.height} of ${timeToText(checkpoint.timestamp * 1000)}`
  const said = checkpoint === null ? '' : `${checkpoint.said} of ${checkpoint.needed} persons needed say so`
  return [
    ...(membership === null ? [] : [['members', membership.sentence] as [string, string]]),
    ...(checkpoint === null ? [] : [['checkpoint', `${place}, ${said}`] as [string, string]]),
    ...contradictions.map(({ sentence }): [string, string] => ['warning', sentence]),
    ...choiceFields(ledger),
  ]
}

function choiceFields({ choice }: Ledger): [string, string][] {
  return choice.kind === 'own' ? [] : [['uses', choice.sentence]]
}

function nameOfValidator({ name, address }: LedgerValidator): string {
  return name === '' ? shortId(address) : `${name} (${shortId(address)})`
}

// ---- validators

interface ValidatorsOptions extends LedgerOptions {
  readonly offer?: true
  readonly withdraw?: true
  readonly agree?: readonly string[]
}

function validatorsCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'validators',
    summary: 'list who decides and who would; offer this computer',
    detail:
      'Whoever offers a computer should keep it on: while more than a third are off, nothing becomes final. An offer counts\n' +
      'when a ledger is founded; in one that runs, the validators in force agree on who follows: each names the whole new set with\n' +
      '--agree, and once enough have named the same, it takes over. Lists also what was agreed so far.',
    example:
      'peerhood ledger validators\npeerhood ledger validators --offer --community Village\npeerhood ledger validators --agree Ada/desk Grace/home Alan/server Mary/nas',
  })
    .option(...communityOption)
    .option('--offer', 'offer this computer')
    .option('--withdraw', 'take the offer back')
    .option('--agree <person/device...>', 'say who is to validate from now on: all of them', collect)
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<ValidatorsOptions>(context, command)
      const { offer, withdraw, agree } = work.options
      if ([offer, withdraw, agree].filter((one) => one !== undefined).length > 1) {
        throw cliErrors.usage('Give one of --offer, --withdraw and --agree.')
      }
      const { community, ledger } = await chooseLedger(work)
      if (agree !== undefined) {
        const made = await agreeOn(work, ledger, agree)
        return show(work, made.validators, () => validatorsText(made))
      }
      const isChange = offer === true || withdraw === true
      const present = isChange
        ? await withPassphrase(work, (passphrase) =>
            work.daemon.ledger.offer(community.id, { validate: offer === true, ...passphrase }, work.call),
          )
        : ledger
      show(work, present.validators, () => validatorsText(present))
    })
}

async function agreeOn(
  { daemon, call }: Work<ValidatorsOptions>,
  ledger: Ledger,
  chosen: readonly string[],
): Promise<Ledger> {
  const named = await namedValidators(ledger, await daemon.communities.members(ledger.community, call), true)
  const validators = chosen.map((text) => (text.startsWith('0x') ? text : selectNamed(named, text, 'validator').peerId))
  return daemon.ledger.agree(ledger.community, validators, call)
}

function validatorsText({ validators, chain, changes }: Ledger): string {
  if (validators.length === 0)
    return 'No computer offers to validate. Offer this one with `peerhood ledger validators --offer`.'
  const rows = validators.map((one) => [
    one.address,
    one.isSelf ? `${one.name} (this computer)` : one.name,
    one.inSet ? 'yes' : 'no',
    one.willing ? 'yes' : 'no',
    !one.inSet ? '' : one.online ? 'yes' : 'no',
    one.address === chain?.leader ? 'yes' : '',
    one.height === null ? '' : String(one.height),
  ])
  const list = table(['ADDRESS', 'WHOSE', 'DECIDES', 'OFFERS', 'ONLINE', 'TURN', 'HEIGHT'], rows)
  const due = changes.filter(({ epoch }) => epoch === chain?.epoch)
  if (due.length === 0) return list
  const said = due.map((one) => [one.name, one.validators.map((address) => shortId(address)).join(' ')])
  return `${list}\n\n${table(['AGREES', 'THAT THESE FOLLOW'], said)}`
}

// ---- balance

function balanceCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'balance [who]',
    summary: 'show what you, a member or an address has; --all lists the members',
    example: 'peerhood ledger balance\npeerhood ledger balance Ada\npeerhood ledger balance --all',
  })
    .option(...communityOption)
    .option('--all', 'everyone whose account is known')
    .action(async (who: string | undefined, _options: unknown, command: Command) => {
      const work = await begin<LedgerOptions & { readonly all?: true }>(context, command)
      const { ledger } = await chooseLedger(work)
      const symbol = ledger.founded?.coin.symbol ?? ''
      if (work.options.all === true) {
        const { accounts } = await work.daemon.ledger.accounts(ledger.community, { limit: 100 }, work.call)
        return show(work, accounts, () => accountsText(accounts, symbol))
      }
      const account = await work.daemon.ledger.account(ledger.community, await addressOf(work, ledger, who), work.call)
      show(work, account, () => `${weiToText(account.balance)} ${symbol}`)
    })
}

function accountsText(accounts: readonly LedgerAccount[], symbol: string): string {
  const rows = accounts.map((one) => [
    one.address,
    one.isSelf ? `${one.name} (you)` : one.name,
    `${weiToText(one.balance)} ${symbol}`,
  ])
  return table(['ADDRESS', 'WHOSE', 'BALANCE'], rows)
}

// ---- settings

interface SettingsOptions extends LedgerOptions {
  readonly mode?: 'full' | 'light'
  readonly keep?: number | 'all'
}

function settingsCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'settings',
    summary: 'how this computer takes part: everything or headers and proofs only, and how much is kept',
    detail:
      'In light mode it holds no blocks and does not vote; balances come with a proof that it checks. --keep all is an archive;\n' +
      'with a number the states and bodies of so many blocks are kept (at least what the quota needs).',
    example: 'peerhood ledger settings\npeerhood ledger settings --keep 100000\npeerhood ledger settings --mode light',
  })
    .option(...communityOption)
    .option('--mode <mode>', 'full or light', parseChoice('full', 'light'))
    .option('--keep <blocks>', 'all, or so many blocks', parseKeep)
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<SettingsOptions>(context, command)
      const { mode, keep } = work.options
      const { ledger } = await chooseLedger(work)
      const patch = {
        ...(mode === undefined ? {} : { mode }),
        ...(keep === undefined ? {} : { statesKept: keep === 'all' ? null : keep }),
      }
      const isChange = mode !== undefined || keep !== undefined
      const { settings } = isChange ? await work.daemon.ledger.change(ledger.community, patch, work.call) : ledger
      show(work, settings, () =>
        fields([
          ['mode', settings.mode === 'full' ? 'full: every block' : 'light: headers and proofs'],
          ['kept', settings.statesKept === null ? 'everything' : count(settings.statesKept, 'block')],
          ['pages', settings.origins.length === 0 ? 'none from the web' : settings.origins],
        ]),
      )
    })
}

function parseKeep(text: string): number | 'all' {
  return text === 'all' ? text : parseCount(256, 1_000_000_000)(text)
}

// ---- rpc

interface RpcOptions extends LedgerOptions {
  readonly allow?: readonly string[]
  readonly forbid?: readonly string[]
}

function rpcCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'rpc',
    summary: 'print where wallets and tools on this computer reach the ledger, and which web pages may',
    detail: 'It is Ethereum JSON-RPC over HTTP and WebSocket. It signs nothing: wallets hold their own keys.',
    example: 'peerhood ledger rpc\npeerhood ledger rpc --allow https://app.example',
  })
    .option(...communityOption)
    .option('--allow <origin...>', 'web pages that may ask from now on, as https://host', collect)
    .option('--forbid <origin...>', 'web pages that may no longer', collect)
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<RpcOptions>(context, command)
      const { allow = [], forbid = [] } = work.options
      const { ledger } = await chooseLedger(work)
      const isChange = allow.length + forbid.length > 0
      const origins = [...new Set([...ledger.settings.origins, ...allow])].filter((one) => !forbid.includes(one))
      const { rpc, settings, founded } = isChange
        ? await work.daemon.ledger.change(ledger.community, { origins }, work.call)
        : ledger
      const result = { rpc, chainId: founded?.chainId ?? null, origins: settings.origins }
      show(work, result, () =>
        fields([
          ['http', rpc],
          ['websocket', rpc.replace(/^http/, 'ws')],
          ['chain id', String(founded?.chainId ?? 'none yet')],
          ['pages', settings.origins.length === 0 ? 'none from the web' : settings.origins],
        ]),
      )
    })
}
