// One ledger in light mode: no blocks and no state, but the newest final header and, by branches from it, what an account has. What
// needs blocks is refused in words; a transaction that was signed elsewhere is told to the others, who check it.

import { DatabaseSync } from 'node:sqlite'
import { toHex } from '../../base/bytes.ts'
import { openChain } from '../chain/service.ts'
import { quorumOf } from '../consensus/certificate-core.ts'
import { ledgerErrors } from '../errors.ts'
import { recoverAddress } from '../evm/crypto.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Address, Hash } from '../types.ts'
import { createLightClient } from '../validator/light.ts'
import type { LedgerStatus, PeerName } from '../validator/types.ts'
import { encodeGossip } from '../validator/wire.ts'
import { headOf } from './answers.ts'
import type { AccountFacts, Answers, Head, LedgerSeed } from './messages.ts'
import type { OpenLedger, OpenParts } from './run.ts'

/** Fewer bear no fault. */
const trustedBelow = 4

export async function openLight(seed: LedgerSeed, parts: OpenParts): Promise<OpenLedger> {
  const { genesis } = seed
  const { tell, network, clock, log } = parts
  const first = await firstHead(seed, parts)
  const genesisHash = first.hash
  const client = createLightClient()({ genesis, genesisHash, network, clock, log, recover: recoverAddress })
  const peers = new Set<PeerName>()
  const head = (): Head => (client.head === undefined ? first : headOf(client.head))
  client.on(() => tell({ type: 'head', head: head() }))

  function status(): Answers['status'] {
    const { validators, epoch } = client.set
    const { height, hash } = head()
    const unknown = { isSelf: false, peer: undefined, isConnected: false, heardMsAgo: undefined, height: undefined }
    const facts: LedgerStatus = {
      ...{ chainId: genesis.chainId, genesisHash, height, head: hash, epoch, heightSeen: height, leader: undefined },
      ...{ view: client.head?.place?.view ?? 0, isOurTurn: false, quorum: quorumOf(validators.length) },
      validators: validators.map((address) => ({ address, ...unknown })),
      ...{ voting: { kind: 'follower' }, sync: { kind: 'level' }, waiting: 0, evidence: 0, stuck: undefined },
      ...{ isTrustedMode: validators.length < trustedBelow, peers: peers.size },
    }
    return { status: facts, head: head(), oldest: { block: height, state: height } }
  }

  async function account(address: Address): Promise<AccountFacts> {
    const { balance, nonce } = await client.account(address)
    return { address, balance, nonce, codeBytes: 0 }
  }

  return {
    ...{ genesisHash, head, rpc: lightRpc },
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
      if (question.what === 'status') return status()
      if (question.what === 'account') return Promise.all(question.addresses.map(account))
      if (question.what === 'admit') return []
      if (question.what === 'change') return undefined
      if (question.what !== 'submit') throw inLightMode()
      network.broadcast(encodeGossip([question.raw]))
      return `0x${toHex(keccak256(question.raw))}` as Hash
    },
    async stop() {
      client.stop()
    },
  }
}

/** What the genesis comes to: worked out in memory, nothing of it stays. */
async function firstHead({ genesis }: LedgerSeed, { clock, log }: OpenParts): Promise<Head> {
  const database = new DatabaseSync(':memory:')
  try {
    const chain = await openChain({ genesis })({ database, clock, log })
    const head = headOf(chain.head())
    await chain.stop()
    return head
  } finally {
    database.close()
  }
}

const lightRpc: OpenLedger['rpc'] = {
  async handle() {
    throw inLightMode()
  },
  openSession() {
    throw inLightMode()
  },
  close() {},
}

function inLightMode() {
  return ledgerErrors.ledger_light('In light mode this computer holds no blocks of this ledger.')
}
