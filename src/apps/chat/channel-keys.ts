// The port ChannelKeys over the community's lockboxes: channel keys are sealed as community keys are.

import { fromHex } from '../../base/bytes.ts'
import { assert, isPeerhoodError } from '../../base/errors.ts'
import type { Random } from '../../base/ports.ts'
import { type BoxSecret, openBoxes, sealBoxes } from '../../community/boxes.ts'
import type { Communities } from '../../community/types.ts'
import { boxesBytesMax } from './limits.ts'
import { devicesOf, stateOf } from './members.ts'
import type { ChannelKeys } from './types.ts'

export function createChannelKeys(parts: {
  readonly communities: Communities
  readonly random: Random
  /** Of this device. */
  readonly secret: BoxSecret
}): ChannelKeys {
  const { communities, random, secret } = parts
  return {
    sealTo(id, persons, key) {
      const devices = devicesOf(stateOf(communities, id), persons)
      const keys = devices.map((device) => {
        const bytes = fromHex(device)
        assert(bytes !== undefined, 'a device is hex')
        return bytes
      })
      return sealBoxes(key, keys, random)
    },
    ...openKeysWith(secret),
  }
}

/** The part that writes nothing. */
export function openKeysWith(secret: BoxSecret): Pick<ChannelKeys, 'open'> {
  return {
    open(_id, boxes) {
      if (boxes.length > boxesBytesMax) return undefined
      try {
        return openBoxes(boxes, secret)
      } catch (error) {
        // Boxes of no length that boxes have: nothing is in them.
        if (isPeerhoodError(error)) return undefined
        throw error
      }
    },
  }
}
