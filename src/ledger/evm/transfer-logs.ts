// Movements of the coin told as if it were a token (eth_simulateV1, `traceTransfers`): an ERC-20 Transfer from 0xeee…e, at the
// place among the other logs where it happened. Frames that fail take theirs with them.

import type { EVMResult, InterpreterStep, Message } from '@ethereumjs/evm'
import type { Address, Hash } from '../types.ts'
import { addressOf } from './account-wire.ts'
import { CallEnded } from './interpreter.ts'
import type { Machine } from './machine.ts'
import type { LogEntry } from './types.ts'

const coin = `0x${'ee'.repeat(20)}` as Address
/** keccak-256 of `Transfer(address,address,uint256)`. */
const transferTopic = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef' as Hash

/** `log`: one that the EVM itself made; which one, follows from their order. `made`: the value that a new contract got. */
type Entry = LogEntry | 'log' | { readonly made: bigint; readonly by: Address }

export class TransferLogs {
  /** Of the frames that run, the outermost first. */
  #frames: Entry[][] = []
  #done: (LogEntry | 'log')[] = []

  /** Listening to steps is slow, and is only done for this. The time limit is looked at here, then. */
  constructor({ evm }: Machine, isLate: () => boolean) {
    evm.events.on('beforeMessage', (message) => this.#begin(message as Message))
    evm.events.on('afterMessage', (result) => this.#end(result as EVMResult))
    evm.events.on('step', (step) => {
      if (isLate()) throw new CallEnded('time limit reached')
      this.#step(step as InterpreterStep)
    })
  }

  begin(): void {
    this.#frames = []
    this.#done = []
  }

  #begin({ caller, to, value, delegatecall }: Message): void {
    const frame: Entry[] = []
    this.#frames.push(frame)
    if (value === 0n || delegatecall) return
    const by = addressOf(caller.bytes)
    // A contract's address is told when it is made.
    frame.push(to === undefined ? { made: value, by } : transfer(by, addressOf(to.bytes), value))
  }

  #end({ execResult, createdAddress }: EVMResult): void {
    const frame = this.#frames.pop() ?? []
    if (execResult.exceptionError !== undefined) return
    const entries = frame.flatMap((entry) => {
      if (entry === 'log' || !('made' in entry)) return [entry]
      return createdAddress === undefined ? [] : [transfer(entry.by, addressOf(createdAddress.bytes), entry.made)]
    })
    const parent = this.#frames.at(-1)
    if (parent === undefined) this.#done.push(...entries)
    else parent.push(...entries)
  }

  #step({ opcode, stack, address, account }: InterpreterStep): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) return
    if (/^LOG[0-4]$/.test(opcode.name)) frame.push('log')
    if (opcode.name !== 'SELFDESTRUCT' || account.balance === 0n) return
    const heir = (stack.at(-1) ?? 0n) & ((1n << 160n) - 1n)
    const to = `0x${heir.toString(16).padStart(40, '0')}` as Address
    frame.push(transfer(addressOf(address.bytes), to, account.balance))
  }

  /** The logs of one transaction that went through, with the transfers among them. */
  merge(logs: readonly LogEntry[]): LogEntry[] {
    const rest = [...logs]
    const merged = this.#done.flatMap((entry) => (entry === 'log' ? rest.splice(0, 1) : [entry]))
    return [...merged, ...rest]
  }
}

function transfer(from: Address, to: Address, value: bigint): LogEntry {
  const word = (hex: string) => `0x${hex.padStart(64, '0')}` as Hash
  const data = new Uint8Array(32)
  for (let at = 31, left = value; at >= 0; at--, left >>= 8n) data[at] = Number(left & 0xffn)
  return { address: coin, topics: [transferTopic, word(from.slice(2)), word(to.slice(2))], data }
}
