// One ledger as a whole: chain, consensus and RPC over a database and a folder.

import { openChain } from '../chain/service.ts'
import { createSnapshots } from '../chain/snapshot.ts'
import { recoverAddress } from '../evm/crypto.ts'
import { prove } from '../proof/prove.ts'
import { createRpc } from '../rpc/service.ts'
import { nodeLedgerDisk } from '../validator/disk.ts'
import { chainRecoveryOf } from '../validator/recovery.ts'
import { createLedgerNode } from '../validator/service.ts'
import type { LedgerNode } from '../validator/types.ts'
import { createAdmitter } from './admit.ts'
import { headOf, linesFrom, read } from './answers.ts'
import { createCheckpoints } from './checkpoints.ts'
import { createMembership } from './membership.ts'
import type { LedgerSeed } from './messages.ts'
import { examine, recoveriesOf, sign, state } from './recovery.ts'
import type { OpenLedger, OpenParts } from './run.ts'
import { validatorSigner } from './signer.ts'
import { createSuccession } from './succession.ts'

export async function openFull(seed: LedgerSeed, parts: OpenParts): Promise<OpenLedger> {
  const { tell, clock, random, database, log, metrics, network } = parts
  const recoveries = recoveriesOf(seed)
  const chain = await openChain({
    ...{ genesis: seed.genesis, keep: keepOf(seed) },
    recoveries: recoveries.map((one) => chainRecoveryOf(one, recoverAddress)),
  })({ database, clock, log })
  const snapshots = createSnapshots()({ chain, clock, log })
  const { checkpoint } = seed
  const isOurs = checkpoint?.genesisHash === chain.genesisHash
  const node = createLedgerNode({ keyIsNew: seed.keyIsNew, recoveries, ...(isOurs ? { checkpoint } : {}) })({
    ...{ chain, snapshots, network, clock, random, log, metrics },
    disk: nodeLedgerDisk(seed.folder),
    signer: seed.validatorSecret === undefined ? undefined : validatorSigner(seed.validatorSecret),
  })
  const membership = createMembership({ chain, node, clock, log, secret: seed.validatorSecret })
  const checkpoints = createCheckpoints({ chain, node, clock, tell })
  const admitter = createAdmitter({ chain, node, clock, log, secret: seed.validatorSecret })
  const succession = createSuccession({ chain, node, clock, log, secret: seed.validatorSecret })
  const rpc = createRpc({ clientVersion: seed.clientVersion })({
    ...{ chain, clock, random, log },
    peers: () => node.status().peers,
    syncing: () => syncingOf(node),
  })
  const head = () => headOf(chain.head())
  node.on((event) => {
    if (event.kind === 'evidence') tell({ type: 'evidence', evidence: event.evidence })
    if (event.kind === 'status') tell({ type: 'status' })
    if (event.kind !== 'final') return
    tell({ type: 'head', head: head() })
    checkpoints.final()
    metrics.gauge('ledger_height', event.height)
  })
  await node.start()
  await chain.pool.restore()

  const answer: OpenLedger['answer'] = async (question) => {
    switch (question.what) {
      case 'status':
        return { status: node.status(), head: head(), oldest: { ...chain.oldest } }
      case 'blocks':
      case 'block':
      case 'transactions':
      case 'transaction':
      case 'account':
        return read(chain, question)
      case 'submit':
        return node.submit(question.raw)
      case 'admit':
        return admitter.admit(question.accounts)
      case 'sign-change':
        return succession.sign(question.validators)
      case 'change':
        await succession.take(question.changes)
        return undefined
      case 'membership':
        return membership.consider(question)
      case 'members':
        return membership.members()
      case 'judge':
        return checkpoints.judge(question.checkpoints)
      case 'believe':
        node.believe(question.checkpoint)
        return undefined
      case 'state-recovery':
        return state(chain, question.validators)
      case 'sign-recovery':
        return sign(chain, question.file, seed.validatorSecret)
      case 'examine-recovery':
        return examine(chain, question.file)
      case 'prove':
        return prove(chain, question.claim, recoveries)
      case 'lines':
        return linesFrom(chain, question.from, question.limit)
    }
  }

  return {
    ...{ genesisHash: chain.genesisHash, rpc, head, answer },
    connected: (peer) => node.connected(peer),
    disconnected: (peer) => node.disconnected(peer),
    received: (peer, bytes) => node.received(peer, bytes),
    heard: (peer, bytes) => node.heard(peer, bytes),
    async stop() {
      admitter.stop()
      succession.stop()
      membership.stop()
      await node.stop()
      await snapshots.stop()
      await chain.stop()
    },
  }
}

function keepOf({ statesKept }: LedgerSeed) {
  return statesKept === undefined ? 'archive' : { blocks: statesKept }
}

function syncingOf(node: LedgerNode) {
  const { sync, height, heightSeen } = node.status()
  if (sync.kind === 'level' || heightSeen <= height) return undefined
  return { startingHeight: height, currentHeight: height, highestHeight: heightSeen }
}
