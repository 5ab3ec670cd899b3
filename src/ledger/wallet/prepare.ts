// From what somebody wants to what would be signed, with everything a person must know beforehand: proposal ─► transaction or
// message, words, simulation, warnings, fee.

import { encodeFunctionData, parseAbi } from 'viem/utils'
import type { LedgerClient } from '../client/types.ts'
import type { Address } from '../types.ts'
import { readCall } from './abi-core.ts'
import type { AbiReader, ContractAbi } from './abis.ts'
import { parseAddress, shortAddress, shownAddress } from './address-core.ts'
import type { Cost } from './allowance-core.ts'
import { amountText, parseAmount, parseWord } from './amount-core.ts'
import type { Ask } from './ask.ts'
import type { Move } from './changes-core.ts'
import { walletErrors } from './errors.ts'
import { feeView, type Priced, priceOf } from './fees.ts'
import { callBytesMax } from './limits.ts'
import { readMessage, typedWarnings } from './message-core.ts'
import { simulate } from './simulate.ts'
import type { Tokens } from './tokens.ts'
import { readTyped } from './typed-core.ts'
import type { AssetView, ChangeView, Fee, LineView, Proposal, Simulated, WarningView } from './types.ts'
import { parsePayment } from './uri-core.ts'
import {
  type Book,
  type CallFacts,
  callLines,
  callSentence,
  callWarnings,
  changeViews,
  note,
  stop,
} from './words-core.ts'

/** What is signed when it is confirmed. */
export type Payload =
  | (Priced & {
      readonly kind: 'transaction'
      readonly to: Address | undefined
      readonly value: bigint
      readonly data: `0x${string}`
    })
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'typed'; readonly digest: `0x${string}` }

export interface Prepared {
  readonly payload: Payload
  readonly sentence: string
  readonly lines: readonly LineView[]
  readonly changes: readonly ChangeView[]
  readonly simulated: Simulated
  readonly warnings: readonly WarningView[]
  readonly fee: Fee | null
  readonly raw: string
  /** What it takes from an allowance; undefined: it is no plain payment, and none allows it. */
  readonly costs: readonly Cost[] | undefined
}

export interface PrepareParts {
  readonly client: LedgerClient
  readonly strangerFee: bigint | undefined
  readonly ask: Ask
  readonly tokens: Tokens
  readonly coin: AssetView
  readonly book: () => Book
  /** An address by its name in the address book. */
  readonly byName: (name: string) => Address | undefined
  /** What is known of contracts besides the standards. */
  readonly abis: () => AbiReader
}

const transferAbi = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function safeTransferFrom(address from, address to, uint256 id)',
])
/** Of ERC-1155; of its own, since ERC-721 has one of the same name. */
const transfer1155Abi = parseAbi([
  'function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)',
])

export function createPrepare(parts: PrepareParts) {
  return async (proposal: Proposal, account: Address): Promise<Prepared> => {
    switch (proposal.kind) {
      case 'send': {
        const payment = await paymentOf(proposal, account, parts)
        return prepareCall(parts, account, payment, payment)
      }
      case 'call':
        return prepareCall(parts, account, callOfProposal(proposal, parts), undefined)
      case 'message':
        return prepareMessage(proposal.message)
      case 'typed':
        return prepareTyped(proposal.typed, parts)
    }
  }
}

interface Call {
  readonly to: Address | undefined
  readonly value: bigint
  readonly data: `0x${string}`
}

interface Payment extends Call {
  readonly asset: AssetView
  readonly amount: bigint
}

async function paymentOf(
  proposal: Extract<Proposal, { kind: 'send' }>,
  account: Address,
  { client, ask, tokens, coin, byName }: PrepareParts,
): Promise<Payment> {
  const { to, chainId, token } = receiverOf(proposal, byName)
  if (chainId !== undefined && chainId !== client.chainId) throw otherChain(chainId, client)
  if (token === undefined) {
    const amount = parseAmount(proposal.amount, coin.decimals)
    await requireFunds(await ask.balance(account), amount, coin)
    return { to, value: amount, data: '0x', asset: coin, amount }
  }
  const asset = await tokens.asset(token)
  if (asset === undefined)
    throw walletErrors.wallet_token_unknown(`There is no token at ${shortAddress(token)} on this chain.`)
  const amount = asset.kind === 'erc721' ? 1n : parseAmount(proposal.amount, asset.decimals)
  const id = proposal.id === undefined ? undefined : parseWord(proposal.id)
  if ((asset.kind === 'erc20') !== (id === undefined)) {
    throw walletErrors.wallet_amount_unusable(
      asset.kind === 'erc20'
        ? `${asset.name} has no numbered pieces.`
        : `${asset.name} has numbered pieces: say which one.`,
    )
  }
  const data = transferData(asset, { account, to, amount, id })
  if (asset.kind === 'erc20') await requireFunds((await tokens.balance(token, account)) ?? 0n, amount, asset)
  return { to: token, value: 0n, data, asset, amount }
}

function receiverOf(proposal: Extract<Proposal, { kind: 'send' }>, byName: PrepareParts['byName']) {
  const given = proposal.to.trim()
  const token = proposal.token === undefined ? undefined : parseAddress(proposal.token)
  if (/^ethereum:/i.test(given)) {
    const payment = parsePayment(given)
    if (token !== undefined && payment.token !== token) {
      throw walletErrors.wallet_uri_unusable(
        'This code or link asks for something other than the token that was chosen.',
      )
    }
    return payment
  }
  const to = /^0x/i.test(given) ? parseAddress(given) : byName(given)
  if (to === undefined)
    throw walletErrors.wallet_name_unknown('Nobody of this name is in the address book, or several are.')
  return { to, chainId: undefined, token }
}

function transferData(
  asset: AssetView,
  { account, to, amount, id = 0n }: { account: Address; to: Address; amount: bigint; id: bigint | undefined },
): `0x${string}` {
  switch (asset.kind) {
    case 'erc721':
      return encodeFunctionData({ abi: transferAbi, functionName: 'safeTransferFrom', args: [account, to, id] })
    case 'erc1155':
      return encodeFunctionData({
        abi: transfer1155Abi,
        functionName: 'safeTransferFrom',
        args: [account, to, id, amount, '0x'],
      })
    default:
      return encodeFunctionData({ abi: transferAbi, functionName: 'transfer', args: [to, amount] })
  }
}

function callOfProposal(proposal: Extract<Proposal, { kind: 'call' }>, { client }: PrepareParts): Call {
  const { to, data, value = '0', chainId } = proposal
  if (chainId !== undefined && chainId !== client.chainId) throw otherChain(chainId, client)
  if (!/^0x([0-9a-fA-F]{2})*$/.test(data) || data.length > 2 + 2 * callBytesMax) {
    throw walletErrors.wallet_call_unusable('The data is not 0x and pairs of hexadecimal digits, or is too long.')
  }
  if (to === undefined && data === '0x') throw walletErrors.wallet_call_unusable('It calls nobody and creates nothing.')
  return {
    to: to === undefined ? undefined : parseAddress(to),
    value: parseWord(value),
    data: data.toLowerCase() as `0x${string}`,
  }
}

async function prepareCall(
  parts: PrepareParts,
  account: Address,
  call: Call,
  payment: Payment | undefined,
): Promise<Prepared> {
  const { client, ask, coin } = parts
  const params = { from: account, to: call.to, data: call.data, value: call.value }
  const [{ facts, abi }, priced, funds] = await Promise.all([
    factsOf(parts, account, call),
    priceOf(ask, params, client.kind === 'own' ? { strangerFee: parts.strangerFee } : undefined),
    ask.balance(account),
  ])
  // Words of an error are words too: those of an ABI that nobody checked are not shown.
  const errors = abi === undefined || abi.trust === 'unchecked' ? [] : abi.errors
  const outcome = await simulate(ask, params, movesOfCall(facts), errors)
  const contracts = new Set([...outcome.changes, ...outcome.approvals].flatMap(({ contract }) => contract ?? []))
  await Promise.all([...contracts].map((contract) => parts.tokens.asset(contract).catch(() => undefined)))
  const most = priced.gas * priced.maxFeePerGas
  const isShort = funds < call.value + most
  const warnings = callWarnings(facts, outcome)
  const { to, value, data } = call
  return {
    payload: { kind: 'transaction', to, value, data, ...priced },
    sentence: callSentence(facts),
    lines: callLines(facts),
    changes: changeViews(outcome, { account, book: facts.book, assetOf: assetReader(parts) }),
    simulated: outcome.simulated,
    warnings: isShort
      ? [
          stop('funds_short', `The account has ${amountText(funds, coin)}, too little for this and its fee.`),
          ...warnings,
        ]
      : warnings,
    fee: feeView(priced, coin),
    raw: call.data,
    costs: payment && costsOf(payment, most, facts),
  }
}

/** A plain payment: coin to an account, or an ERC-20 token. */
function costsOf({ asset, amount, to }: Payment, fee: bigint, { toHasCode }: CallFacts): readonly Cost[] | undefined {
  if (asset.kind === 'coin') return toHasCode ? undefined : [{ contract: undefined, amount: amount + fee }]
  if (asset.kind !== 'erc20') return undefined
  return [
    { contract: to, amount },
    { contract: undefined, amount: fee },
  ]
}

async function factsOf(
  parts: PrepareParts,
  account: Address,
  { to, value, data }: Call,
): Promise<{ readonly facts: CallFacts; readonly abi: ContractAbi | undefined }> {
  const { client, ask, tokens, coin, abis } = parts
  const book = parts.book()
  const chain = client.describe()
  const base = { chain, account, to, value, data, coin, book }
  if (to === undefined) {
    return {
      facts: { ...base, toHasCode: false, toIsUsed: false, call: undefined, token: undefined },
      abi: undefined,
    }
  }
  const [code, token] = await Promise.all([ask.code(to), tokens.asset(to)])
  const abi = data === '0x' ? undefined : await abis()(to, code)
  const call = data === '0x' ? undefined : readCall(data, abi)
  const toHasCode = code !== '0x'
  const toIsUsed = toHasCode || (await isUsed(ask, to))
  return { facts: { ...base, toHasCode, toIsUsed, call, token, contract: abi?.contract }, abi }
}

async function isUsed(ask: Ask, address: Address): Promise<boolean> {
  const [nonce, balance] = await Promise.all([ask.nonce(address, 'latest'), ask.balance(address)])
  return nonce > 0 || balance > 0n
}

/** What the call alone says that it moves, where nobody can try it. */
function movesOfCall({ account, to, value, data, call, token }: CallFacts): readonly Move[] {
  const coin: Move[] =
    to !== undefined && value > 0n
      ? [{ standard: 'coin', contract: undefined, from: account, to, amount: value, id: undefined }]
      : []
  if (to === undefined || data === '0x' || token?.kind !== 'erc20' || call?.signature !== 'transfer(address,uint256)')
    return coin
  const [receiver, amount] = call.args.map((arg) => arg.value)
  const payee = parseAddress(String(receiver))
  return [
    ...coin,
    { standard: 'erc20', contract: to, from: account, to: payee, amount: BigInt(String(amount)), id: undefined },
  ]
}

function assetReader({ tokens, coin }: PrepareParts) {
  return ({ standard, contract }: { standard: string; contract: Address | undefined }): AssetView =>
    contract === undefined ? coin : (tokens.known(contract) ?? unknownAsset(contract, standard))
}

/** A contract that tells of transfers and is no token otherwise. */
export function unknownAsset(contract: Address, standard: string): AssetView {
  const kind = standard === 'erc721' || standard === 'erc1155' ? standard : 'erc20'
  const short = shortAddress(contract)
  return { kind, contract: shownAddress(contract), name: `unknown token ${short}`, symbol: 'units', decimals: 0 }
}

function prepareMessage(message: string): Prepared {
  const { bytes, sentence, lines, warnings } = readMessage(message)
  return { ...signed({ kind: 'message', bytes }, message), sentence, lines, warnings }
}

async function prepareTyped(typed: unknown, { client, ask, book }: PrepareParts): Promise<Prepared> {
  const data = readTyped(typed)
  const contract =
    typeof data.domain.verifyingContract === 'string' ? parseAddress(data.domain.verifyingContract) : undefined
  const code = contract && (await ask.code(contract))
  const name = typeof data.domain.name === 'string' ? ` for “${data.lines[0]?.value ?? ''}”` : ''
  const known = contract && book().nameOf(contract)
  return {
    ...signed({ kind: 'typed', digest: data.digest }, data.digest),
    sentence: `Sign ${data.primaryType}${name}.`,
    lines: data.lines,
    warnings: [
      ...typedWarnings(data, client.describe(), code === undefined ? undefined : code !== '0x'),
      ...(contract !== undefined && known === undefined
        ? [note('unknown_contract', 'The contract that it is for is not known here.')]
        : []),
    ],
  }
}

function signed(payload: Payload, raw: string) {
  return { payload, changes: [], simulated: 'none', fee: null, raw, costs: undefined } as const
}

async function requireFunds(has: bigint, needs: bigint, asset: AssetView): Promise<void> {
  if (has >= needs) return
  throw walletErrors.wallet_funds_short(
    `The account has ${amountText(has, asset)}, and ${amountText(needs, asset)} are needed.`,
    {
      details: { has: has.toString(), needs: needs.toString() },
    },
  )
}

function otherChain(chainId: number, client: LedgerClient) {
  return walletErrors.wallet_chain_mismatch(
    `It is for chain ${chainId}, and this is ${client.describe().name}, chain ${client.chainId}.`,
    {
      details: { chainId, expected: client.chainId },
    },
  )
}
