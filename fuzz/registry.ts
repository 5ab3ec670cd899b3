// Every decoder that is fuzzed. fuzz.test.ts holds this against what decoders.ts finds in src/.

import type { Target } from './target.ts'
import { chatTargets } from './targets/chat.ts'
import { communityTargets } from './targets/community.ts'
import { formatTargets } from './targets/format.ts'
import { identityTargets } from './targets/identity.ts'
import { ipfsTargets } from './targets/ipfs.ts'
import { ledgerChainTargets } from './targets/ledger-chain.ts'
import { ledgerConsensusTargets } from './targets/ledger-consensus.ts'
import { ledgerNodeTargets } from './targets/ledger-node.ts'
import { ledgerRpcTargets } from './targets/ledger-rpc.ts'
import { ledgerServiceTargets } from './targets/ledger-service.ts'
import { ledgerWalletTargets } from './targets/ledger-wallet.ts'
import { logTargets } from './targets/log.ts'
import { meetTargets } from './targets/meet.ts'
import { networkTargets } from './targets/network.ts'
import { outerTargets } from './targets/outer.ts'
import { personsTargets } from './targets/persons.ts'
import { transferTargets } from './targets/transfer.ts'

export const groups = {
  identity: identityTargets,
  log: logTargets,
  community: communityTargets,
  meet: meetTargets,
  format: formatTargets,
  transfer: transferTargets,
  network: networkTargets,
  chat: chatTargets,
  persons: personsTargets,
  ipfs: ipfsTargets,
  outer: outerTargets,
  'ledger-chain': ledgerChainTargets,
  'ledger-consensus': ledgerConsensusTargets,
  'ledger-node': ledgerNodeTargets,
  'ledger-rpc': ledgerRpcTargets,
  'ledger-service': ledgerServiceTargets,
  'ledger-wallet': ledgerWalletTargets,
} as const satisfies Readonly<Record<string, readonly Target[]>>

export const targets: readonly Target[] = Object.values(groups).flat()
