// Cookies of greetings: good for one token from one place, for a while, without remembering anything.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock, Random } from '../../base/ports.ts'
import { cookieBytes, encodeSeen } from './datagram-wire.ts'
import { cookieMs } from './limits.ts'
import type { UdxAddress } from './native.ts'

export const noCookie = new Uint8Array(cookieBytes)

export class Cookies {
  readonly #clock: Clock
  readonly #secret: Uint8Array

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock
    this.#secret = random.bytes(32)
  }

  make(token: Uint8Array, from: UdxAddress): Uint8Array {
    return this.#cookie(token, from, this.#turn())
  }

  isGood(cookie: Uint8Array, token: Uint8Array, from: UdxAddress): boolean {
    const turn = this.#turn()
    return [turn, turn - 1].some((each) => timingSafeEqual(cookie, this.#cookie(token, from, each)))
  }

  #turn(): number {
    return Math.floor(this.#clock.monotonicMs() / cookieMs)
  }

  #cookie(token: Uint8Array, from: UdxAddress, turn: number): Uint8Array {
    const hmac = createHmac('sha256', this.#secret).update(token).update(encodeSeen(from)).update(String(turn))
    return new Uint8Array(hmac.digest().subarray(0, cookieBytes))
  }
}
