// The signer guard: the last place (epoch, view, rank) for which this key signed, in a file of its own. Whatever the vote
// log, a defect or a restored file says, nothing is signed at or before that place again.
//
//   file = 'PHG1' ‖ epoch (u64) ‖ view (u64) ‖ rank (u8) ‖ checksum (u32, CRC-32 of all before)
//
// Must stay true: `raise` resolves before the signature leaves; the place never goes back; the file is replaced in one step.

import { isLater } from '../consensus/certificate-core.ts'
import type { Place } from '../consensus/types.ts'
import { validatorErrors } from './errors.ts'
import { decodeGuard, encodeGuard } from './guard-wire.ts'
import { guardBytesMax } from './limits.ts'
import type { LedgerDisk } from './types.ts'

export interface Guard {
  readonly last: Place | undefined
  /** Rejects with `ledger_vote_refused` for what is not after `last`, with `ledger_disk_full` when it could not be written. */
  raise(to: Place): Promise<void>
}

/** Throws `ledger_file_damaged`. */
export async function openGuard(disk: LedgerDisk, name: string): Promise<Guard> {
  const bytes = await disk.read(name, guardBytesMax)
  return createGuard(disk, name, bytes === undefined ? undefined : decodeGuard(bytes))
}

function createGuard(disk: LedgerDisk, name: string, found: Place | undefined): Guard {
  /** The write of a place that failed is given again with the same place, or never: it is the same vote. */
  let last = found
  let turn: Promise<void> = Promise.resolve()

  async function write(to: Place): Promise<void> {
    if (last !== undefined && !isLater(to, last)) {
      throw validatorErrors.ledger_vote_refused('This validator has said something later already.', {
        details: { to, last },
      })
    }
    try {
      await disk.replace(name, encodeGuard(to))
      last = to
    } catch (cause) {
      throw validatorErrors.ledger_disk_full('The disk did not take the signer guard, so no vote was given.', { cause })
    }
  }

  return {
    get last() {
      return last
    },
    raise(to) {
      const done = turn.then(() => write(to))
      turn = done.catch(() => {})
      return done
    },
  }
}
