// One ledger in light mode: no blocks and no state here, but the newest final header and, by what others prove against it, the
// same questions and the same wallet (validator/light-chain.ts). What needs all blocks is refused in words; a transaction is checked
// by proofs, kept over a restart, and told to the others until it is in a block.

import { DatabaseSync } from 'node:sqlite'
import { openChain } from '../chain/service.ts'
import type { FullBlock } from '../chain/types.ts'
import { quorumOf } from '../consensus/certificate-core.ts'
import { ledgerErrors } from '../errors.ts'
import { recoverAddress } from '../evm/crypto.ts'
import { createLightRpc } from '../rpc/service.ts'
import { createGossip } from '../validator/gossip.ts'
import { createLightClient } from '../validator/light.ts'
import { LightChain } from '../validator/light-chain.ts'
import { Peers } from '../validator/peers.ts'
import type { RecoveryView } from '../validator/recovery.ts'
import { recoveryIsUnknown, trustedBelow } from '../validator/status.ts'
import type { LedgerStatus, PeerName } from '../validator/types.ts'
import { headOf, read } from './answers.ts'
import type { Answers, Head, LedgerSeed } from './messages.ts'
import { examine, recoveriesOf } from './recovery.ts'
import type { OpenLedger, OpenParts } from './run.ts'

export async function openLight(seed: LedgerSeed, parts: OpenParts): Promise<OpenLedger> {
  const { genesis } = seed
  const { tell, network, clock, random, database, log } = parts
  const first = await firstBlock(seed, parts)
  const genesisHash = first.header.hash
  const checkpoint = seed.checkpoint?.genesisHash === genesisHash ? seed.checkpoint : undefined
  const recoveries = recoveriesOf(seed)
  const client = createLightClient({ recoveries, ...(checkpoint === undefined ? {} : { checkpoint }) })({
    ...{ genesis, genesisHash, network, clock, log, recover: recoverAddress },
  })
  const peers = new Set<PeerName>()
  const chain = new LightChain({ client, genesis, first, database, clock, log })
  const rpc = createLightRpc({ clientVersion: seed.clientVersion })({
    ...{ chain, clock, random, log },
    peers: () => peers.size,
  })
  const gossip = createGossip({ chain, peers: new Peers(clock), network, clock, log, blame() {} })
  const head = (): Head => headOf(client.head ?? first.header)
  client.on(() => tell({ type: 'head', head: head() }))
  gossip.start()
  const restoring = restoringOf(chain, log)
  chain.on((event) => {
    if (event.kind === 'final') restoring.consider()
  })
  const view: RecoveryView = {
    ...{ genesis, genesisHash, head, validators: () => client.set, epochEnd: (epoch) => client.epochEnd(epoch) },
  }

  function status(): Answers['status'] {
    const { validators, epoch } = client.set
    const { height, hash } = head()
    const unknown = { isSelf: false, peer: undefined, isConnected: false, heardMsAgo: undefined, height: undefined }
    const facts: LedgerStatus = {
      ...{
        chainId: genesis.chainId,
        genesisHash,
        height,
        head: hash,
        epoch,
        heightSeen: Math.max(height, client.heightSeen ?? 0),
        leader: undefined,
      },
      ...{ view: client.head?.place?.view ?? 0, isOurTurn: false, quorum: quorumOf(validators.length) },
      validators: validators.map((address) => ({ address, ...unknown })),
      ...{
        voting: { kind: 'follower' },
        sync: chain.isProven ? { kind: 'level' } : { kind: 'epochs', epoch },
        waiting: chain.pool.core.size,
        evidence: 0,
      },
      stuck: client.isRecoveryUnknown ? recoveryIsUnknown : undefined,
      ...{ isTrustedMode: validators.length < trustedBelow, peers: peers.size },
    }
    return { status: facts, head: head(), oldest: { block: height, state: height } }
  }

  return {
    ...{ genesisHash, head, rpc },
    connected(peer) {
      peers.add(peer)
      client.connected(peer)
    },
    disconnected(peer) {
      peers.delete(peer)
      client.disconnected(peer)
    },
    received: (peer, bytes) => client.received(peer, bytes),
    // Passed on unseen would be a way to flood others in our name.
    heard: async () => 'ignore',
    async answer(question) {
      switch (question.what) {
        case 'status':
          return status()
        case 'blocks':
        case 'block':
        case 'transactions':
        case 'transaction':
        case 'account':
          return read(chain, question)
        case 'submit':
          return chain.pool.add(question.raw, { local: true })
        case 'admit':
          return []
        case 'change':
        case 'membership':
          return undefined
        case 'judge':
          return question.checkpoints.map(() => 'unknown' as const)
        case 'believe':
          client.believe(question.checkpoint)
          return undefined
        case 'examine-recovery':
          return examine(view, question.file)
        default:
          throw inLightMode()
      }
    },
    async stop() {
      gossip.stop()
      chain.stop()
      client.stop()
      await restoring.settled()
    },
  }
}

/** What the genesis comes to: worked out in memory, nothing of it stays. */
async function firstBlock({ genesis }: LedgerSeed, { clock, log }: OpenParts): Promise<FullBlock> {
  const database = new DatabaseSync(':memory:')
  try {
    const chain = await openChain({ genesis })({ database, clock, log })
    const block = chain.block(0)
    await chain.stop()
    if (block === undefined) throw new Error('assertion failed: a chain has a first block')
    return block
  } finally {
    database.close()
  }
}

/** What was sent before the start needs proofs to be taken again: until there are some, each block is an occasion. */
function restoringOf(chain: LightChain, log: OpenParts['log']) {
  let running: Promise<void> | undefined
  let isOver = false
  async function restore(): Promise<void> {
    try {
      isOver = await chain.pool.restore()
    } catch (error) {
      log.error('ledger_own_defect', { message: String(error) })
    } finally {
      running = undefined
    }
  }
  return {
    consider(): void {
      if (!isOver) running ??= restore()
    },
    settled: async () => await running,
  }
}

function inLightMode() {
  return ledgerErrors.ledger_light('In light mode this computer holds no blocks of this ledger.')
}
