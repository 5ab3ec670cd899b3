// Texts and structured data to sign, with what to look out for. Pure.

import { hexToBytes } from 'viem/utils'
import { fromUtf8, utf8 } from '../../base/bytes.ts'
import type { Description } from '../client/types.ts'
import { walletErrors } from './errors.ts'
import { messageBytesMax } from './limits.ts'
import { chainIdOf, type TypedData } from './typed-core.ts'
import type { LineView, WarningView } from './types.ts'
import { stop, warn } from './words-core.ts'

export interface ReadMessage {
  readonly bytes: Uint8Array
  readonly sentence: string
  readonly lines: readonly LineView[]
  readonly warnings: readonly WarningView[]
}

/** As `personal_sign` has it: a text, or bytes as `0x…`. Throws `wallet_message_unusable`. */
export function readMessage(message: string): ReadMessage {
  if (message.length > 2 * messageBytesMax + 2) throw unusable('it is too long')
  const isHex = /^0x([0-9a-fA-F]{2})+$/.test(message)
  const bytes = isHex ? hexToBytes(message as `0x${string}`) : utf8(message)
  if (bytes.length === 0) throw unusable('it is empty')
  if (bytes.length > messageBytesMax) throw unusable('it is too long')
  const text = fromUtf8(bytes)
  const isReadable = text !== undefined && !/[^\P{C}\n\t]/u.test(text)
  const lines = isReadable
    ? text
        .split('\n', 200)
        .map((value, at) => ({ label: at === 0 ? 'Text' : '', value: value.slice(0, 600), depth: 0 }))
    : [{ label: 'Bytes', value: message.slice(0, 600), depth: 0 }]
  const warnings = isReadable
    ? []
    : [
        stop(
          'unreadable',
          'This is no text that a person can read: whoever gets the signature may use it for anything.',
        ),
      ]
  return { bytes, sentence: isReadable ? 'Sign a text.' : 'Sign bytes that nobody can read.', lines, warnings }
}

export function typedWarnings(
  data: TypedData,
  chain: Description,
  contractHasCode: boolean | undefined,
): readonly WarningView[] {
  const warnings: WarningView[] = []
  const chainId = chainIdOf(data)
  if (chainId === undefined) {
    warnings.push(warn('no_chain', 'It names no chain: the signature is good on every chain.'))
  } else if (chainId !== BigInt(chain.chainId)) {
    warnings.push(stop('other_chain', `It is for chain ${chainId}, and this is ${chain.name}, chain ${chain.chainId}.`))
  }
  if (contractHasCode === false) {
    warnings.push(stop('no_code', 'There is no contract at the address that it is for.'))
  }
  if (/permit/i.test(data.primaryType)) {
    const { value, amount, spender } = data.message as Readonly<Record<string, unknown>>
    const most = BigInt(digits(value ?? amount))
    const who = typeof spender === 'string' ? spender : 'somebody'
    warnings.push(
      most >= 1n << 255n
        ? stop('permit_unlimited', `Whoever has the signature can let ${who} take any amount of this token from you.`)
        : warn(
            'permit',
            `Whoever has the signature can let ${who} take this from you, without any transaction of yours.`,
          ),
    )
  }
  return warnings
}

function digits(value: unknown): string {
  return /^\d{1,78}$/.test(String(value)) ? String(value) : '0'
}

const unusable = (why: string) => walletErrors.wallet_message_unusable(`This can’t be signed: ${why}.`)
