// A verify thread: checks the signatures of one message after the other and answers each with a byte for every signature.

import { parentPort } from 'node:worker_threads'
import { createSignatureChecker } from './signature.ts'
import { type Answer, type Question, unpack } from './verify-message.ts'

const isRight = createSignatureChecker()

parentPort?.on('message', ({ id, packed }: Question) => {
  const right = Uint8Array.from(unpack(packed), (check) => (isRight(check) ? 1 : 0))
  parentPort?.postMessage({ id, right } satisfies Answer)
})
