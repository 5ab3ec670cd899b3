// The 32 bytes with which each sealed block begins, so that serving a block need not compute them again. Nothing for
// public shares.

import type { Visibility } from '../types.ts'

/** Bytes of a sealed block's id. */
export const sealIdBytes = 32

export class SealIds {
  readonly #ids: Uint8Array | undefined

  constructor(visibility: Visibility, blocks: number) {
    this.#ids = visibility === 'private' ? new Uint8Array(blocks * sealIdBytes) : undefined
  }

  /** Remembers the id of a block whose digest was checked. */
  note(index: number, wire: Uint8Array): void {
    this.#ids?.set(wire.subarray(0, sealIdBytes), index * sealIdBytes)
  }

  of(index: number): Uint8Array | undefined {
    const id = this.#ids?.subarray(index * sealIdBytes, (index + 1) * sealIdBytes)
    return id?.some((byte) => byte !== 0) ? id : undefined
  }
}
