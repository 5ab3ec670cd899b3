// A chain of one validator behind the API's own server, with its JSON-RPC at `url`: blocks are made as soon as something waits.
// For tests with programs of others as clients.

import { createTestChain, type TestChain } from '../../src/ledger/chain/testing.ts'
import { createRpc } from '../../src/ledger/rpc/service.ts'
import { systemClock, systemRandom } from '../../src/node/adapters.ts'
import { startApi } from './api.ts'

export interface TestLedgerRpc extends TestChain, AsyncDisposable {
  /** http://127.0.0.1:PORT/communities/c1/rpc */
  readonly url: string
  readonly socketUrl: string
}

export async function startLedgerRpc(options: Parameters<typeof createTestChain>[0] = {}): Promise<TestLedgerRpc> {
  const test = await createTestChain(options)
  const { chain, clock } = test
  const rpc = createRpc({ clientVersion: 'Peerhood/v0.0.0-test' })({
    chain,
    // Filters and batches go by real time here; blocks have a clock of their own.
    clock: systemClock,
    random: systemRandom,
  })
  const api = await startApi({
    wrap: (services) => ({
      ...services,
      ledgerRpc: {
        originAllowed: () => false,
        ask: (_, body) => rpc.handle(body),
        open(_, { note }) {
          const session = rpc.openSession(note)
          return { handle: (body) => rpc.handle(body, session), close: session.close }
        },
      },
    }),
  })

  let mining: Promise<unknown> = Promise.resolve()
  const stopListening = chain.on((event) => {
    if (event.kind === 'final') return
    mining = mining.then(async () => {
      if (!chain.pool.hasWork) return
      clock.advance(1_000)
      await test.mine()
    })
  })
  const path = `127.0.0.1:${api.port}/communities/c1/rpc`
  return {
    ...test,
    url: `http://${path}`,
    socketUrl: `ws://${path}`,
    async [Symbol.asyncDispose]() {
      stopListening()
      await api.close()
      await mining
      rpc.close()
      await chain.stop()
    },
  }
}
