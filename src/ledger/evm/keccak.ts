// Keccak-256, which the EVM, the trie and every id of Ethereum are made of. noble's takes 9 µs for 32 bytes and 27 µs for a branch
// of the trie; a block of 500 token transfers needs some ten thousand of them. So the permutation is put together here as a few
// hundred bytes of WebAssembly (64-bit lanes in locals), and noble is the fallback where WebAssembly is off. Both are compared in
// the tests.
//
// Memory: 0 state (25 lanes), 256 round constants, 512 input (whole blocks of 136 bytes, padded by us).

import { keccak_256 as nobleKeccak } from '@noble/hashes/sha3.js'

export type Keccak = (message: Uint8Array) => Uint8Array

const rateBytes = 136
const constantsAt = 256
const inputAt = 512
const memoryBytes = 65_536
const blocksAtOnce = Math.floor((memoryBytes - inputAt) / rateBytes)

/** FIPS 202 §3.2.2 and §3.2.3, as one walk over the lanes: where the lane goes, and by how much it turns. */
const piLane = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1]
const rhoTurn = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44]

/** FIPS 202 §3.2.5: bits out of a shift register of 8 bits. */
function roundConstants(): bigint[] {
  let register = 1
  return Array.from({ length: 24 }, () => {
    let constant = 0n
    for (let bit = 0; bit < 7; bit++) {
      if ((register & 1) === 1) constant |= 1n << BigInt(2 ** bit - 1)
      register = (register << 1) ^ ((register >> 7) * 0x171)
    }
    return constant
  })
}

// ---- a very small assembler

const op = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  branchIf: (depth: number) => [0x0d, depth],
  get: (local: number) => [0x20, local],
  set: (local: number) => [0x21, local],
  tee: (local: number) => [0x22, local],
  load: (offset: number) => [0x29, 0x03, ...unsigned(offset)],
  store: (offset: number) => [0x37, 0x03, ...unsigned(offset)],
  i32: (value: number) => [0x41, ...signed(value)],
  i64: (value: number) => [0x42, ...signed(value)],
  add: [0x6a],
  below: [0x49],
  and: [0x83],
  xor: [0x85],
  turn: [0x89],
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
  return done ? [low] : [low | 0x80, ...signed(rest)]
}

const section = (id: number, body: number[]): number[] => [id, ...unsigned(body.length), ...body]

// Parameter 0: end of the input. Locals: 1 where in the input, 2 where in the constants, 3… lanes, then scratch.
const at = 1
const round = 2
const lane = (index: number) => 3 + index
const scratch = (index: number) => 28 + index
const turned = 33
const range = (length: number) => Array.from({ length }, (_, index) => index)

function oneRound(): number[] {
  const code: number[] = []
  for (const x of range(5)) {
    code.push(...op.get(lane(x)))
    for (const y of range(4)) code.push(...op.get(lane(x + 5 * (y + 1))), ...op.xor)
    code.push(...op.set(scratch(x)))
  }
  for (const x of range(5)) {
    code.push(...op.get(scratch((x + 4) % 5)), ...op.get(scratch((x + 1) % 5)), ...op.i64(1), ...op.turn, ...op.xor)
    code.push(...op.set(turned))
    for (const y of range(5)) {
      code.push(...op.get(lane(x + 5 * y)), ...op.get(turned), ...op.xor, ...op.set(lane(x + 5 * y)))
    }
  }
  code.push(...op.get(lane(1)), ...op.set(turned))
  piLane.forEach((to, step) => {
    code.push(...op.get(lane(to)), ...op.set(scratch(0)))
    code.push(...op.get(turned), ...op.i64(rhoTurn[step] ?? 0), ...op.turn, ...op.set(lane(to)))
    code.push(...op.get(scratch(0)), ...op.set(turned))
  })
  for (const row of [0, 5, 10, 15, 20]) {
    for (const x of range(5)) code.push(...op.get(lane(row + x)), ...op.set(scratch(x)))
    for (const x of range(5)) {
      code.push(...op.get(scratch(x)), ...op.get(scratch((x + 1) % 5)), ...op.i64(-1), ...op.xor)
      code.push(...op.get(scratch((x + 2) % 5)), ...op.and, ...op.xor, ...op.set(lane(row + x)))
    }
  }
  code.push(...op.get(lane(0)), ...op.get(round), ...op.load(0), ...op.xor, ...op.set(lane(0)))
  return code
}

function absorb(): number[] {
  const code: number[] = []
  for (const index of range(25)) code.push(...op.i32(0), ...op.load(8 * index), ...op.set(lane(index)))
  code.push(...op.i32(inputAt), ...op.set(at), ...op.loop)
  for (const index of range(rateBytes / 8)) {
    code.push(...op.get(lane(index)), ...op.get(at), ...op.load(8 * index), ...op.xor, ...op.set(lane(index)))
  }
  code.push(...op.i32(constantsAt), ...op.set(round), ...op.loop, ...oneRound())
  code.push(...op.get(round), ...op.i32(8), ...op.add, ...op.tee(round))
  code.push(...op.i32(constantsAt + 24 * 8), ...op.below, ...op.branchIf(0), ...op.end)
  code.push(...op.get(at), ...op.i32(rateBytes), ...op.add, ...op.tee(at))
  code.push(...op.get(0), ...op.below, ...op.branchIf(0), ...op.end)
  for (const index of range(25)) code.push(...op.i32(0), ...op.get(lane(index)), ...op.store(8 * index))
  return [...code, ...op.end]
}

function moduleBytes(): Uint8Array {
  const i32 = 0x7f
  const i64 = 0x7e
  const body = [2, 2, i32, 31, i64, ...absorb()]
  const name = (text: string) => [text.length, ...[...text].map((letter) => letter.charCodeAt(0))]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 1, i32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x01, 1, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('absorb'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ])
}

// Neither the DOM's types nor those of Node bring it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  absorb(end: number): void
}

/** Throws where there is no WebAssembly. */
export function createWasmKeccak(): Keccak {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()))
  const { memory, absorb } = instance.exports as Exports
  const bytes = new Uint8Array(memory.buffer)
  new BigUint64Array(memory.buffer, constantsAt, 24).set(roundConstants())
  return (message) => {
    bytes.fill(0, 0, 200)
    let done = 0
    while (message.length - done >= blocksAtOnce * rateBytes) {
      bytes.set(message.subarray(done, done + blocksAtOnce * rateBytes), inputAt)
      absorb(inputAt + blocksAtOnce * rateBytes)
      done += blocksAtOnce * rateBytes
    }
    const rest = message.length - done
    const end = inputAt + (Math.floor(rest / rateBytes) + 1) * rateBytes
    bytes.set(done === 0 ? message : message.subarray(done), inputAt)
    bytes.fill(0, inputAt + rest, end)
    // Keccak's own padding (0x01 … 0x80), not SHA-3's.
    bytes[inputAt + rest] = 0x01
    bytes[end - 1] = (bytes[end - 1] ?? 0) | 0x80
    absorb(end)
    return bytes.slice(0, 32)
  }
}

function choose(): Keccak {
  try {
    return createWasmKeccak()
  } catch {
    return nobleKeccak
  }
}

/** Of 32 bytes; the input may be of any length. */
export const keccak256: Keccak = choose()
