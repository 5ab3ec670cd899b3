// Proof that one holds a community's access key, bound to who says it to whom: one that was overheard, or that a peer was
// given, serves nobody else. docs/protocol/log-sync.md says where it is sent.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PeerId } from '../../network/types.ts'

const label = 'peerhood/log/hello/1'

/** 32 bytes: HMAC-SHA256(access, label ‖ sender ‖ 0x00 ‖ receiver), ids in their text form. */
export function helloProof(access: Uint8Array, sender: PeerId, receiver: PeerId): Uint8Array {
  return new Uint8Array(createHmac('sha256', access).update(`${label}${sender}\0${receiver}`, 'utf8').digest())
}

/** Whether `proof` is that of `helloProof`; takes the same time wherever it differs. */
export function checkHelloProof(access: Uint8Array, sender: PeerId, receiver: PeerId, proof: Uint8Array): boolean {
  return proof.length === 32 && timingSafeEqual(proof, helloProof(access, sender, receiver))
}
