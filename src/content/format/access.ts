// Proof that one holds a share's access key, bound to who asks whom: a proof that was overheard, or that a peer was
// given, serves nobody else. docs/protocol/transfer.md says where it is sent.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PeerId } from '../../network/types.ts'
import type { AccessKey } from '../types.ts'

const label = 'peerhood/share/hello/1'

/** 32 bytes: HMAC-SHA256(access, label ‖ requester ‖ 0x00 ‖ responder), ids in their text form. */
export function accessProof(access: AccessKey, requester: PeerId, responder: PeerId): Uint8Array {
  return new Uint8Array(createHmac('sha256', access).update(`${label}${requester}\0${responder}`, 'utf8').digest())
}

/** Whether `proof` is that of `accessProof`; takes the same time wherever it differs. */
export function checkAccessProof(access: AccessKey, requester: PeerId, responder: PeerId, proof: Uint8Array): boolean {
  return proof.length === 32 && timingSafeEqual(proof, accessProof(access, requester, responder))
}
