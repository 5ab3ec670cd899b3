// Signs and sends, one transaction after another, so that each gets a nonce of its own, however quickly they come.
//
//   next nonce = the larger of what the chain counts (with what waits) and one past the last that was sent from here
//
// What must stay true: a signed transaction is on disk before it leaves; one whose fate is not known keeps its nonce and is sent
// again, the same bytes, until the chain has it or has passed it by.

import { isPeerhoodError } from '../../base/errors.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import type { Address, Hash } from '../types.ts'
import { type Ask, refusalOf } from './ask.ts'
import { walletErrors } from './errors.ts'
import type { Signer } from './keys.ts'
import { unsettledMax } from './limits.ts'
import type { Sent, WalletStore } from './store.ts'

export interface Outgoing {
  readonly to: Address | undefined
  readonly value: bigint
  readonly data: `0x${string}`
  readonly gas: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly sentence: string
}

export interface Sender {
  send(outgoing: Outgoing, signer: Signer): Promise<Hash>
  /** Forgets what is in a block or can't be any more, and sends again what the chain does not know. */
  settle(account: Address): Promise<void>
}

export interface SenderParts {
  readonly ask: Ask
  readonly store: WalletStore
  readonly clock: Clock
  readonly log: Log
  /** Whether the history has read this block: until then what was sent is told from here. */
  readonly isRead: (account: Address, height: number) => boolean
}

export function createSender(options: { readonly chain: string; readonly chainId: number }) {
  return ({ ask, store, clock, log, isRead }: SenderParts): Sender => {
    const { chain, chainId } = options
    const turns = createTurns(1)

    async function settle(account: Address): Promise<void> {
      const unsettled = store.sent(chain, account)
      if (unsettled.length === 0) return
      const counted = await ask.nonce(account, 'latest')
      for (const one of unsettled) {
        if (one.nonce < counted) await settleCounted(one)
        else if ((await ask.transaction(one.hash)) === undefined) await again(one)
      }
    }

    /** In a block, or passed by by another of its nonce. */
    async function settleCounted(one: Sent): Promise<void> {
      const receipt = await ask.receipt(one.hash)
      if (receipt === undefined || isRead(one.account, receipt.height)) store.removeSent(chain, one.account, one.nonce)
    }

    async function again(one: Sent): Promise<void> {
      try {
        await ask.send(one.raw)
        log.info('wallet_sent_again', { hash: one.hash })
      } catch (error) {
        if (refusalOf(error) === undefined || isKnownAlready(error)) return
        // Its nonce would hold up all that come after it.
        store.removeSent(chain, one.account, one.nonce)
        log.warn('wallet_dropped', { hash: one.hash, code: isPeerhoodError(error) ? error.code : 'unknown' })
      }
    }

    async function nextNonce(account: Address): Promise<number> {
      await settle(account)
      const [pending, counted] = [await ask.nonce(account, 'pending'), await ask.nonce(account, 'latest')]
      const unsettled = store.sent(chain, account).filter(({ nonce }) => nonce >= counted)
      if (unsettled.length >= unsettledMax) {
        throw walletErrors.wallet_unsettled(`${unsettled.length} transactions of this account wait for a block.`)
      }
      const last = unsettled.at(-1)
      return Math.max(pending, last === undefined ? 0 : last.nonce + 1)
    }

    async function send(outgoing: Outgoing, signer: Signer): Promise<Hash> {
      const { sentence, to, ...fields } = outgoing
      const nonce = await nextNonce(signer.address)
      const { raw, hash } = await signer.transaction({
        type: 'eip1559',
        chainId,
        nonce,
        ...(to === undefined ? {} : { to }),
        ...fields,
      })
      const sent = { account: signer.address, nonce, hash, raw, to, value: fields.value, sentence, atMs: clock.nowMs() }
      store.addSent(chain, sent)
      try {
        await ask.send(raw)
      } catch (error) {
        // No answer says nothing about whether it got there: it stays, and is sent again until its fate is known.
        if (refusalOf(error) !== undefined && !isKnownAlready(error)) {
          store.removeSent(chain, signer.address, nonce)
          throw error
        }
      }
      log.info('wallet_sent', { hash, nonce })
      return hash
    }

    return {
      send: (outgoing, signer) => turns(() => send(outgoing, signer)),
      settle: (account) => turns(() => settle(account)),
    }
  }
}

/** As our pool, geth and anvil say it. */
function isKnownAlready(error: unknown): boolean {
  const refusal = refusalOf(error)
  const code = (refusal?.data as { readonly code?: unknown } | undefined)?.code
  return code === 'transaction_known' || /already (known|imported)|known transaction/i.test(refusal?.message ?? '')
}
