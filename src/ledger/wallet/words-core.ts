// A transaction in words: what it does in a sentence, what stands in it line by line, what changes, and what to look out for.
// Everything known about it comes in as facts; nothing is asked here. Pure.

import type { Description } from '../client/types.ts'
import type { Address } from '../types.ts'
import { type ReadCall, valueText } from './abi-core.ts'
import { looksLike, readAddress, shortAddress, shownAddress, zeroAddress } from './address-core.ts'
import { amountText } from './amount-core.ts'
import type { Approval, Change } from './changes-core.ts'
import { changesMax } from './limits.ts'
import { valueLine } from './text-core.ts'
import type { AssetView, ChangeView, LineView, WarningView } from './types.ts'

export interface CallFacts {
  readonly chain: Description
  readonly account: Address
  /** Undefined: a contract is created. */
  readonly to: Address | undefined
  readonly value: bigint
  readonly data: string
  readonly toHasCode: boolean
  /** It has sent something or holds coin: somebody uses it, or did. */
  readonly toIsUsed: boolean
  readonly call: ReadCall | undefined
  /** What a checked source calls the contract at `to`. */
  readonly contract?: string | undefined
  /** What the contract at `to` is, where it is a token. */
  readonly token: AssetView | undefined
  readonly coin: AssetView
  readonly book: Book
}

/** Names of addresses, as this person and the community know them. */
export interface Book {
  nameOf(address: Address): string | undefined
  readonly addresses: readonly Address[]
  /** All that are called so. */
  named(text: string): readonly Address[]
  isOwn(address: Address): boolean
}

/** Half of all numbers: what programs write where they mean "all, for ever". */
const unlimitedFrom = 1n << 255n

export function whoText(address: Address, book: Book): string {
  return book.nameOf(address) ?? shortAddress(address)
}

/** `ask`: before it is signed. The others: it is in no block yet, it is done, it is in a block and failed. */
export type Form = 'ask' | 'waiting' | 'done' | 'failed'

const verbs = {
  Create: { ask: 'Create', waiting: 'Creating', done: 'Created', failed: 'Tried to create' },
  Send: { ask: 'Send', waiting: 'Sending', done: 'Sent', failed: 'Tried to send' },
  Call: { ask: 'Call', waiting: 'Calling', done: 'Called', failed: 'Tried to call' },
  Sign: { ask: 'Sign', waiting: 'Signing', done: 'Signed', failed: 'Tried to sign' },
  Let: { ask: 'Let', waiting: 'Letting', done: 'Let', failed: 'Tried to let' },
  also: { ask: 'and send', waiting: 'and sending', done: 'and sent', failed: 'and to send' },
} as const

export function callSentence(facts: CallFacts, form: Form = 'ask'): string {
  const said = asked(facts)
  return form === 'ask' ? said : inForm(said, form)
}

/** Of a sentence that `callSentence` made to ask: names are never at its beginning, so its verb is. */
export function inForm(sentence: string, form: Form): string {
  const [verb = ''] = sentence.split(' ', 1)
  if (!(verb in verbs)) return sentence
  const said = verbs[verb as keyof typeof verbs][form] + sentence.slice(verb.length)
  const also = / and send (\S+ \S+ with it\.)$/.exec(said)
  return also === null ? said : `${said.slice(0, also.index)} ${verbs.also[form]} ${also[1]}`
}

function asked(facts: CallFacts): string {
  const { to, value, call, coin, book, data } = facts
  const also = value > 0n ? ` and send ${amountText(value, coin)} with it` : ''
  if (to === undefined) return `Create a contract${also}.`
  if (data === '0x') return `Send ${amountText(value, coin)} to ${whoText(to, book)}.`
  const contract = contractText(to, facts)
  if (call === undefined) return `Call an unknown function (${data.slice(0, 10)}) of ${contract}${also}.`
  if (call.trust === 'unchecked') return `Call what an unchecked ABI names ${call.name} of ${contract}${also}.`
  const said = tokenSentence(facts, call)
  return said === undefined ? `Call ${call.name} of ${contract}${also}.` : `${said}${also}.`
}

/** What a source calls a contract is its author's choice: the address stands beside it. */
function contractText(to: Address, { book, contract }: CallFacts): string {
  return book.nameOf(to) ?? (contract === undefined ? shortAddress(to) : `${contract} (${shortAddress(to)})`)
}

/** Without the point at the end; undefined for what is no call of a token. */
function tokenSentence({ to, token, book, account }: CallFacts, call: ReadCall): string | undefined {
  if (token === undefined || to === undefined) return undefined
  const [yours, has] = book.isOwn(account) ? [' of yours', 'you have'] : ['', 'the sender has']
  const [first, second, third] = call.args.map(({ value }) => value)
  const who = (value: unknown) => whoText(addressOf(value), book)
  const what = (value: unknown) =>
    token.kind === 'erc20' ? amountText(value as bigint, token) : `no. ${valueLine(String(value))} of ${token.name}`
  switch (call.signature) {
    case 'transfer(address,uint256)':
      return `Send ${what(second)} to ${who(first)}`
    case 'transferFrom(address,address,uint256)':
    case 'safeTransferFrom(address,address,uint256)':
    case 'safeTransferFrom(address,address,uint256,bytes)':
      return `Send ${what(third)} from ${who(first)} to ${who(second)}`
    case 'safeTransferFrom(address,address,uint256,uint256,bytes)':
      return `Send ${String(call.args[3]?.value)} of no. ${String(third)} of ${token.name} from ${who(first)} to ${who(second)}`
    case 'approve(address,uint256)':
      return `Let ${who(first)} spend ${approvedText(second as bigint, token)}${yours}`
    case 'increaseAllowance(address,uint256)':
      return `Let ${who(first)} spend ${what(second)} more${yours}`
    case 'setApprovalForAll(address,bool)':
      return second === true
        ? `Let ${who(first)} move everything that ${has} of ${token.name}`
        : `Let ${who(first)} move nothing of ${token.name} any longer`
    default:
      return undefined
  }
}

function approvedText(amount: bigint, token: AssetView): string {
  if (token.kind !== 'erc20') return `no. ${amount} of ${token.name}`
  return amount >= unlimitedFrom ? `any amount of ${token.symbol}` : amountText(amount, token)
}

function addressOf(value: unknown): Address {
  return (typeof value === 'string' && readAddress(value)) || zeroAddress
}

export function callLines(facts: CallFacts): readonly LineView[] {
  const { to, value, data, call, token, coin, book, chain } = facts
  const lines: LineView[] = [
    line('From', addressText(facts.account, book)),
    line(
      to === undefined ? 'Creates' : 'To',
      to === undefined ? `a contract, ${(data.length - 2) / 2} bytes` : addressText(to, book),
    ),
  ]
  if (token !== undefined) lines.push(line('Token', `${token.name} (${token.symbol}), ${token.kind.toUpperCase()}`))
  if (value > 0n || data === '0x') lines.push(line('Coin', amountText(value, coin)))
  if (call !== undefined) {
    lines.push(line(functionLabels[call.trust], call.signature))
    for (const arg of call.args) lines.push(line(arg.name || arg.type, argText(arg, facts), 1))
  } else if (data !== '0x' && to !== undefined) {
    lines.push(line('Function', `unknown, selector ${data.slice(0, 10)}`), line('Data', data, 1))
  }
  lines.push(line('Chain', `${chain.name}, id ${chain.chainId}`))
  return lines
}

const functionLabels = {
  known: 'Function',
  checked: 'Function, by the checked source',
  unchecked: 'Function, by an ABI that nobody checked',
} as const

function argText({ type, value }: ReadCall['args'][number], { token, book }: CallFacts): string {
  if (type === 'address') return addressText(addressOf(value), book)
  const plain = valueText(value)
  if (type !== 'uint256' || token?.kind !== 'erc20' || typeof value !== 'bigint') return plain
  return value >= unlimitedFrom ? `${plain} (unlimited)` : `${plain} (${amountText(value, token)})`
}

export function addressText(address: Address, book: Book): string {
  const name = book.nameOf(address)
  return name === undefined ? shownAddress(address) : `${name}, ${shownAddress(address)}`
}

const line = (label: string, value: string, depth = 0): LineView => ({ label, value: valueLine(value), depth })

export interface Outcome {
  readonly changes: readonly Change[]
  readonly approvals: readonly Approval[]
  /** Why it would fail; undefined where it would not. */
  readonly reverts: string | undefined
  /** False where the chain could not be asked to try it. */
  readonly isTried: boolean
}

export function callWarnings(facts: CallFacts, outcome: Outcome): readonly WarningView[] {
  return [
    ...outcomeWarnings(outcome),
    ...receiverWarnings(facts),
    ...approvalWarnings(facts, outcome),
    ...chainWarnings(facts),
  ]
}

function outcomeWarnings({ reverts, isTried }: Outcome): WarningView[] {
  if (reverts !== undefined) return [stop('would_fail', `It would fail: ${reverts}.`)]
  if (!isTried)
    return [warn('not_tried', 'The chain could not be asked to try it, so what changes is read off the call alone.')]
  return []
}

function receiverWarnings(facts: CallFacts): WarningView[] {
  const { to, data, call, token, book, account, toHasCode, toIsUsed } = facts
  if (to === undefined)
    return [note('creates', 'What a new contract does is up to its code, which the wallet can’t read.')]
  const warnings: WarningView[] = []
  const payee = payeeOf(facts)
  if (data !== '0x' && !toHasCode) {
    warnings.push(
      stop(
        'no_code',
        'There is no contract at this address: the call does nothing, and coin sent with it stays there.',
      ),
    )
  }
  if (data !== '0x' && toHasCode && call === undefined) {
    warnings.push(
      warn('unknown_call', 'The wallet does not know this function: trust what changes below more than any name.'),
    )
  } else if (data !== '0x' && toHasCode && call?.trust === 'unchecked') {
    warnings.push(
      warn(
        'unchecked_abi',
        'Nobody checked the ABI that names this function and its arguments: they may be named to mislead. Trust what changes below.',
      ),
    )
  } else if (data !== '0x' && toHasCode && token === undefined && isUnknown(facts)) {
    warnings.push(
      warn('unknown_contract', 'This contract is not known here: its functions may do other than their names say.'),
    )
  }
  if (data === '0x' && toHasCode) {
    warnings.push(note('to_contract', 'The receiver is a contract: what it does with the coin is up to its code.'))
  }
  if (payee === zeroAddress)
    warnings.push(stop('to_nobody', 'The receiver is the zero address: nobody can ever use what goes there.'))
  if (token !== undefined && payee === to) {
    warnings.push(stop('to_token', 'The receiver is the token’s own contract: what goes there is mostly lost.'))
  }
  if (payee === account) warnings.push(note('to_self', 'The receiver is this account itself.'))
  const twin =
    payee && book.nameOf(payee) === undefined ? book.addresses.find((known) => looksLike(known, payee)) : undefined
  if (twin !== undefined) {
    warnings.push(
      stop(
        'looks_alike',
        `The receiver’s address looks like that of ${whoText(twin, book)}, but is another: somebody may have made it so.`,
      ),
    )
  }
  if (data === '0x' && !toHasCode && !toIsUsed && book.nameOf(to) === undefined) {
    warnings.push(
      note('unused', 'Nothing has ever come to or from this address on this chain: compare all of its digits.'),
    )
  }
  return warnings
}

/** Neither named here nor checked. */
function isUnknown({ to, book, call }: CallFacts): boolean {
  return to !== undefined && book.nameOf(to) === undefined && call?.trust !== 'checked'
}

/** Who gets something, as far as the call says it. */
export function payeeOf({ to, data, call }: Pick<CallFacts, 'to' | 'data' | 'call'>): Address | undefined {
  if (data === '0x') return to
  if (call?.trust === 'unchecked') return undefined
  const at = call?.args.findIndex(({ name, type }) => name === 'to' && type === 'address') ?? -1
  return at < 0 ? undefined : addressOf(call?.args[at]?.value)
}

function approvalWarnings({ account, book }: CallFacts, { approvals }: Outcome): WarningView[] {
  return approvals
    .filter(({ owner, amount }) => owner === account && amount > 0n)
    .map(({ spender, amount, all, standard }) => {
      const who = whoText(spender, book)
      if (all)
        return stop(
          'approval_all',
          `From then on ${who} can take everything that you have of this contract, at any time.`,
        )
      if (standard === 'erc20' && amount >= unlimitedFrom) {
        return stop(
          'approval_unlimited',
          `From then on ${who} can take any amount of this token from you, at any time, also of what comes later.`,
        )
      }
      return warn('approval', `From then on ${who} can take this from you without asking again.`)
    })
}

function chainWarnings({ chain }: CallFacts): WarningView[] {
  return chain.kind === 'outside' ? [note('outside_chain', chain.warnings[0] ?? chain.sentence)] : []
}

export function changeViews(
  { changes, approvals }: Outcome,
  {
    account,
    book,
    assetOf,
  }: { account: Address; book: Book; assetOf: (of: { standard: string; contract: Address | undefined }) => AssetView },
): readonly ChangeView[] {
  const moved = changes.map((change): ChangeView => {
    const asset = assetOf(change)
    const isOut = change.direction === 'out'
    const other = change.other === undefined ? 'several accounts' : whoText(change.other, book)
    const what = holdingText(change.amount, change.id, asset)
    return {
      kind: change.direction,
      asset,
      amount: change.amount.toString(),
      id: change.id?.toString() ?? null,
      other: change.other === undefined ? '' : shownAddress(change.other),
      sentence: isOut ? `− ${what}, to ${other}` : `+ ${what}, from ${other}`,
    }
  })
  const allowed = approvals
    .filter(({ owner }) => owner === account)
    .map((approval): ChangeView => {
      const asset = assetOf(approval)
      const who = whoText(approval.spender, book)
      const what = approval.all ? `everything of ${asset.name}` : approvedText(approval.id ?? approval.amount, asset)
      return {
        kind: approval.all ? 'approval-all' : 'approval',
        asset,
        amount: approval.amount.toString(),
        id: approval.id?.toString() ?? null,
        other: shownAddress(approval.spender),
        sentence:
          approval.amount === 0n
            ? `${who} may spend nothing of ${asset.symbol} any longer`
            : `${who} may spend ${what}`,
      }
    })
  return [...moved, ...allowed].slice(0, changesMax)
}

/** `12.5 BREAD`, `no. 7 of Kittens`, `3 × no. 7 of Parts`. */
export function holdingText(amount: bigint, id: bigint | undefined, asset: AssetView): string {
  if (id === undefined) return amountText(amount, asset)
  const one = `no. ${valueLine(id.toString())} of ${asset.name}`
  return amount === 1n ? one : `${amount} × ${one}`
}

export const stop = (code: string, sentence: string): WarningView => ({ code, sentence, weight: 'stop' })
export const warn = (code: string, sentence: string): WarningView => ({ code, sentence, weight: 'warn' })
export const note = (code: string, sentence: string): WarningView => ({ code, sentence, weight: 'note' })
