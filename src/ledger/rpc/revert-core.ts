// What a revert says: `Error(string)` and `Panic(uint256)` of Solidity's ABI, in words; anything else is only data.

import { fromUtf8, toHex } from '../../base/bytes.ts'
import { bytesToBigint } from './hex.ts'

const errorSelector = '08c379a0'
const panicSelector = '4e487b71'
const wordBytes = 32
const reasonCharsMax = 1_000

/** docs.soliditylang.org, "Panic via assert"; in geth's words. */
const panics: Readonly<Record<string, string>> = {
  0: 'generic panic',
  1: 'assert(false)',
  17: 'arithmetic underflow or overflow',
  18: 'division or modulo by zero',
  33: 'enum overflow',
  34: 'invalid encoded storage byte array accessed',
  49: 'out-of-bounds array access; popping on an empty array',
  50: 'out-of-bounds access of an array or bytesN',
  65: 'out of memory',
  81: 'uninitialized function',
}

/** Undefined: it gives no reason that can be read. */
export function revertReason(data: Uint8Array): string | undefined {
  if (data.length < 4 + wordBytes) return undefined
  const selector = toHex(data.subarray(0, 4))
  const body = data.subarray(4)
  if (selector === panicSelector) return panicReason(bytesToBigint(body.subarray(0, wordBytes)))
  return selector === errorSelector ? stringAt(body) : undefined
}

function panicReason(code: bigint): string {
  return panics[String(code)] ?? `unknown panic code: 0x${code.toString(16)}`
}

function stringAt(body: Uint8Array): string | undefined {
  const start = bytesToBigint(body.subarray(0, wordBytes))
  if (start + BigInt(wordBytes) > BigInt(body.length)) return undefined
  const at = Number(start)
  const length = bytesToBigint(body.subarray(at, at + wordBytes))
  if (length > BigInt(body.length - at - wordBytes)) return undefined
  return fromUtf8(body.subarray(at + wordBytes, at + wordBytes + Number(length)))?.slice(0, reasonCharsMax)
}
