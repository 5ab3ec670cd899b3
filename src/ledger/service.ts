// The ledgers of all communities on this computer: founded, opened when their founding is known, kept open.
//
//   log (announced) ──► founding ──► room.ts (thread, streams, gossip) ──► API, wallet
//
// Must stay true: nothing of a chain is loaded before a community has one (the imports below are light, what is heavy is
// imported where it begins); the founding that was opened first stays, whatever else comes.

import { join } from 'node:path'
import type { Database } from '../base/database.ts'
import { toPeerhoodError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Clock, Log, Metrics } from '../base/ports.ts'
import type { Communities } from '../community/types.ts'
import type { Identity } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import type { Network, PeerId } from '../network/types.ts'
import { accountProof } from './account.ts'
import type { Announced } from './announced.ts'
import { type ChosenChain, chainWordOf, publicAddressProblem } from './choice-core.ts'
import { diagnoseLedgers } from './doctor.ts'
import { ledgerErrors } from './errors.ts'
import { genesisOf } from './genesis-core.ts'
import type { Thread, ThreadEvents } from './host.ts'
import { believedIn, createInStep, type InStep } from './in-step.ts'
import { addressOfSecret, chainIdOf, validatorSecret } from './keys.ts'
import { keyNewMs, ledgersMax, openedMsMax, streamsPerPeerMax } from './limits.ts'
import { isOrigin } from './origin-core.ts'
import { createRecovering } from './recovering.ts'
import type { LedgerRoom } from './room.ts'
import type { Founded, LedgerFacts, LedgerSettings, Ledgers, LedgersEvent } from './service-types.ts'
import { createLedgerStore } from './store.ts'
import type { Head, LedgerSeed } from './thread/messages.ts'
import type { Address } from './types.ts'

export interface LedgersParts {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly database: Database
  readonly network: Network
  readonly identity: Identity
  readonly communities: Pick<Communities, 'get' | 'list' | 'on'>
  readonly announced: Announced
  /** Of a ledger's transactions; follows from the community's key. */
  readonly topic: (community: CommunityId) => string | undefined
  /** Where each ledger has a folder. */
  readonly folder: string
  /** Makes a folder that is missing, with 0700. */
  readonly makeFolder: (path: string) => void
  readonly startThread: (seed: LedgerSeed, events: ThreadEvents) => Thread
  readonly version: string
}

export function createLedgers(given: LedgersParts): Ledgers {
  const parts = { ...given, log: given.log.child('ledger') }
  const { clock, log, communities, announced, identity, network } = parts
  const store = createLedgerStore(parts.database)
  const events = new Emitter<LedgersEvent>()
  const rooms = new Map<CommunityId, LedgerRoom>()
  const heads = new Map<CommunityId, Head>()
  /** One thing after the other for each: opening, closing, founding. */
  const turns = new Map<CommunityId, Promise<unknown>>()
  const addresses = new Map<CommunityId, Address>()
  /** Foundings that were read; undefined while that is not done. */
  const foundings = new Map<CommunityId, Founded | undefined>()
  const offs: (() => void)[] = []
  const inStep = new Map<CommunityId, InStep>()
  let door: Promise<void> | undefined
  let state: 'new' | 'running' | 'stopped' = 'new'

  function inTurn<Result>(community: CommunityId, work: () => Promise<Result>): Promise<Result> {
    const before = turns.get(community) ?? Promise.resolve()
    const mine = before.then(work, work)
    turns.set(
      community,
      mine.catch(() => undefined),
    )
    return mine
  }

  // ---- what the log says

  const addressOf = (community: CommunityId): Address => {
    const known = addresses.get(community)
    if (known !== undefined) return known
    const address = addressOfSecret(validatorSecret(identity.deviceSeed, community))
    addresses.set(community, address)
    return address
  }

  /** The founding that was opened here, else the first by the order of the log that is one. */
  async function foundedOf(community: CommunityId): Promise<Founded | undefined> {
    const all = announced.geneses(community)
    if (all.length === 0) return undefined
    const { decodeGenesis } = await import('./chain/genesis-wire.ts')
    const opened = store.opened(community)
    const sorted = [...all].sort((a, b) => Number(b.entry === opened) - Number(a.entry === opened))
    for (const { bytes, ...founding } of sorted) {
      try {
        return { ...founding, genesis: decodeGenesis(bytes), others: all.length - 1 }
      } catch (error) {
        log.debug('ledger_genesis_unusable', { community, code: toPeerhoodError(error).code })
      }
    }
    return undefined
  }

  function isPart(community: CommunityId): boolean {
    const facts = communities.list().find(({ id }) => id === community)
    return facts?.phase === 'open' && facts.self?.state === 'active' && facts.otherPerson !== true
  }

  function isMemberDevice(community: CommunityId, peer: PeerId): boolean {
    if (!isPart(community)) return false
    for (const { state: standing, devices } of communities.get(community).state?.members.values() ?? []) {
      if (standing !== 'active') continue
      if (devices.some((device) => device.peerId === peer && device.state === 'active')) return true
    }
    return false
  }

  // ---- opening and closing

  function consider(community: CommunityId): void {
    if (state !== 'running') return
    const known = rooms.get(community)
    known?.reconsider()
    inStep.get(community)?.look()
    if (known === undefined && announced.geneses(community).length === 0) return
    void inTurn(community, async () => {
      if (state !== 'running') return
      if (!isPart(community)) return close(community)
      if (!rooms.has(community)) await open(community)
    }).catch((error: unknown) => log.error('ledger_not_opened', { community, code: toPeerhoodError(error).code }))
  }

  /** Streams of peers are taken from the first ledger on. */
  async function openDoor(): Promise<void> {
    const [{ createDoor }, { ledgerProtocol }] = await Promise.all([import('./door.ts'), import('./stream-wire.ts')])
    const find = (wire: string) => [...rooms.values()].find((room) => room.wire === wire)?.links
    offs.push(await network.handle(ledgerProtocol, createDoor({ ...parts, find }), { streamsPerPeerMax }))
  }

  async function open(community: CommunityId): Promise<void> {
    const founded = await foundedOf(community)
    foundings.set(community, founded)
    if (founded === undefined) return
    if (rooms.size >= ledgersMax) throw ledgerErrors.ledgers_too_many(`${ledgersMax} ledgers are open already.`)
    const { createLedgerRoom } = await import('./room.ts')
    door ??= openDoor()
    await door
    const room = createLedgerRoom({
      ...{ community, founded, network, clock, log, metrics: parts.metrics, startThread: parts.startThread },
      seed: () => seedOf(community, founded),
      allows: (peer) => isMemberDevice(community, peer),
      named: () => announced.willing(community).map(({ peerId }) => peerId),
      topic: () => parts.topic(community),
    })
    room.on((event) => {
      if (event.type === 'head') {
        heads.set(community, event.head)
        events.emit({ type: 'head', community, head: event.head })
        step.head(event.head.height)
      } else if (event.type === 'checkpoint') step.tell(event.checkpoint)
      else events.emit({ type: 'ledger', community })
    })
    const step = createInStep({
      ...{ community, announced, clock, log, host: room.host, address: addressOf(community) },
      secret: () => validatorSecret(identity.deviceSeed, community),
      changed: () => events.emit({ type: 'ledger', community }),
    })
    inStep.set(community, step)
    rooms.set(community, room)
    room.start()
    log.info('ledger_opened', { community, chainId: founded.genesis.chainId })
    events.emit({ type: 'ledger', community })
    void tellAccount(community)
  }

  async function agree(community: CommunityId, chosen: readonly string[]): Promise<void> {
    const { host } = find(community)
    const { status } = await host.ask({ what: 'status' })
    const inForce = new Set(status.validators.map(({ address }) => address))
    const willing = announced.willing(community)
    const validators = chosen.map((text) => {
      const offer = willing.find(({ peerId, address }) => peerId === text || address === text)
      const address = offer?.address ?? (text as Address)
      if (offer !== undefined || inForce.has(address)) return address
      throw ledgerErrors.ledger_validator_unknown(`${text} neither offers to validate nor does it now.`)
    })
    await announced.sayChange(community, await host.ask({ what: 'sign-change', validators }))
    inStep.get(community)?.look()
  }

  function seedOf(community: CommunityId, { entry, atMs, genesis }: Founded): LedgerSeed {
    const folder = join(parts.folder, community)
    parts.makeFolder(folder)
    // A founding that is older may have been voted in by this key: before the data folder was restored from a copy, say.
    const keyIsNew = store.opened(community) === undefined && clock.nowMs() - atMs < keyNewMs
    store.setOpened(community, entry)
    return {
      ...{ genesis, folder, keyIsNew, self: network.self, clientVersion: `Peerhood/v${parts.version}` },
      validatorSecret: validatorSecret(identity.deviceSeed, community),
      mode: store.settings(community).mode,
      statesKept: store.settings(community).statesKept ?? undefined,
      checkpoint: believedIn(announced, community),
      recoveries: store.recoveries(community).map(({ file }) => file),
    }
  }

  async function close(community: CommunityId): Promise<void> {
    const room = rooms.get(community)
    if (room === undefined) return
    rooms.delete(community)
    heads.delete(community)
    inStep.get(community)?.stop()
    inStep.delete(community)
    await room.stop()
    events.emit({ type: 'ledger', community })
  }

  /** The folder with the votes stays: it says what this key has signed. */
  async function forget(community: CommunityId): Promise<void> {
    await close(community)
    foundings.delete(community)
  }

  // ---- this person

  /** Whoever takes part in a ledger wants to be paid there; a locked keystore waits until the person does something. */
  async function tellAccount(community: CommunityId): Promise<void> {
    if (identity.passphrase || ownAccount(community) !== undefined) return
    try {
      await announceAccount(community, undefined)
    } catch (error) {
      log.warn('ledger_account_not_told', { community, code: toPeerhoodError(error).code })
    }
  }

  const ownAccount = (community: CommunityId) =>
    announced.accounts(community).find(({ person }) => person === identity.did)?.address

  async function announceAccount(community: CommunityId, passphrase: string | undefined): Promise<void> {
    const own = identity.ethereumAddress.toLowerCase() as Address
    if (ownAccount(community) === own) return
    if (identity.passphrase && passphrase === undefined) {
      throw ledgerErrors.ledger_account_locked(
        'Your account was not told to this community yet, and the keystore is locked.',
      )
    }
    const proof = accountProof(await identity.phrase(passphrase), community, identity.did)
    await announced.sayAccount(community, { address: own, proof })
  }

  async function sayWilling(community: CommunityId, willing: boolean): Promise<void> {
    const isSaid = announced.willing(community).some(({ peerId }) => peerId === network.self)
    if (isSaid === willing) return
    await announced.sayWilling(community, { secret: validatorSecret(identity.deviceSeed, community), willing })
  }

  // ---- calls

  function facts(community: CommunityId): LedgerFacts {
    const { state: community_ } = communities.get(community)
    const room = rooms.get(community)
    const willing = community_ === undefined ? [] : announced.willing(community)
    return {
      community,
      founded: room?.founded ?? foundings.get(community),
      settings: store.settings(community),
      thread: room?.host.state,
      genesisHash: room?.genesisHash,
      head: heads.get(community),
      validator: addressOf(community),
      isWilling: willing.some(({ peerId }) => peerId === network.self),
      mayFound: announced.mayFound(community),
      account: ownAccount(community),
      willing,
      accounts: announced.accounts(community),
      linked: room?.links.linked() ?? [],
      changes: community_ === undefined ? [] : announced.changes(community),
      // Read from all that was ever said, and asked for by few.
      get gone() {
        return community_ === undefined ? [] : announced.gone(community)
      },
      get memberWords() {
        return community_ === undefined ? [] : announced.memberWords(community)
      },
      standing: inStep.get(community)?.standing,
      choice: community_ === undefined ? undefined : announced.choice(community),
    }
  }

  /** Throws `community_unknown`, `ledger_none`. */
  function find(community: CommunityId): LedgerRoom {
    communities.get(community)
    const room = rooms.get(community)
    if (room === undefined) throw ledgerErrors.ledger_none('This community has no ledger here.')
    return room
  }

  async function found(community: CommunityId, request: Parameters<Ledgers['found']>[1]): Promise<void> {
    const { state: present } = communities.get(community)
    if (present?.purpose === 'direct') throw ledgerErrors.ledger_of_two('This is a conversation of two.')
    if (announced.geneses(community).length > 0 && (await foundedOf(community)) !== undefined) {
      throw ledgerErrors.ledger_founded('This community has a ledger already.')
    }
    await announceAccount(community, request.passphrase)
    if (request.validators === undefined) await sayWilling(community, true)
    const founder = identity.ethereumAddress.toLowerCase() as Address
    const { encodeGenesis } = await import('./chain/genesis-wire.ts')
    const genesis = genesisOf({
      ...{ request, founder, chainId: chainIdOf(community) },
      communityName: present?.settings.name ?? 'Ledger',
      nowSeconds: Math.floor(clock.nowMs() / 1000),
      willing: announced.willing(community),
      accounts: announced.accounts(community),
    })
    await announced.publish(community, encodeGenesis(genesis))
    await open(community)
  }

  function reopen(community: CommunityId): Promise<void> {
    return inTurn(community, async () => {
      await close(community)
      await open(community)
    })
  }

  /** Until its chain is open, or can't be; at most `openedMsMax`. */
  function opened(community: CommunityId): Promise<void> {
    const isOpening = () => rooms.get(community)?.host.state.kind === 'starting'
    return new Promise((resolve) => {
      const end = () => {
        off()
        cancel()
        resolve()
      }
      const off = events.on(() => void (isOpening() || end()))
      const cancel = clock.after(openedMsMax, end)
      if (!isOpening()) end()
    })
  }

  const ask: Ledgers['ask'] = async (community, question, options) => find(community).host.ask(question, options)

  return {
    async start() {
      state = 'running'
      offs.push(
        announced.on((community) => consider(community)),
        communities.on((event) => {
          if (event.type === 'removed') void inTurn(event.id, () => forget(event.id))
        }),
      )
      for (const { id } of communities.list()) consider(id)
    },
    async stop() {
      state = 'stopped'
      for (const off of offs) off()
      await Promise.all([...turns.values()])
      await Promise.all([...rooms.keys()].map((community) => close(community)))
    },
    facts,
    list: () => [...rooms.keys()],
    async found(community, request) {
      await inTurn(community, () => found(community, request))
      await opened(community)
      return facts(community)
    },
    async offer(community, { willing, passphrase }) {
      communities.get(community)
      if (willing && !identity.passphrase) await announceAccount(community, undefined)
      else if (passphrase !== undefined) await announceAccount(community, passphrase)
      await sayWilling(community, willing)
      return facts(community)
    },
    announceAccount,
    async agree(community, validators) {
      await agree(community, validators)
      return facts(community)
    },
    async choose(community, chain) {
      communities.get(community)
      await announced.sayChoice(community, checkedChoice(chain))
      events.emit({ type: 'ledger', community })
      return facts(community)
    },
    async changeSettings(community, patch) {
      communities.get(community)
      const before = store.settings(community)
      const settings: LedgerSettings = { ...before, ...patch }
      if (settings.origins.some((origin) => !isOrigin(origin))) {
        throw ledgerErrors.ledger_settings_unusable('That is no origin of a web page.')
      }
      store.setSettings(community, settings)
      const isOther = settings.statesKept !== before.statesKept || settings.mode !== before.mode
      if (isOther && rooms.has(community)) await reopen(community)
      return facts(community)
    },
    ask,
    recovering: createRecovering({
      ...{ clock, store, announced, ask },
      self: (community) => ({ peerId: network.self, address: addressOf(community) }),
      async reopen(community) {
        await reopen(community)
        await opened(community)
      },
    }),
    rpc: async (community, body, caller) => find(community).host.rpc(body, caller),
    openRpc: (community, note, over) => find(community).host.openRpc(note, over),
    allowsOrigin: (community, origin) => store.settings(community).origins.includes(origin),
    diagnose: () =>
      diagnoseLedgers(
        [...rooms].map(([community, room]) => ({
          ...{ community, room, name: nameOf(community), standing: inStep.get(community)?.standing },
          nameOf: (person) => communities.get(community).state?.members.get(person)?.name ?? person,
        })),
      ),
    on: (listener) => events.on(listener),
  }

  function nameOf(community: CommunityId): string {
    return communities.get(community).state?.settings.name ?? community.slice(0, 10)
  }
}

/** Nobody publishes what nobody could use, or what is a secret. Throws `ledger_choice_unusable`. */
function checkedChoice(chain: ChosenChain | undefined): ChosenChain | undefined {
  if (chain === undefined) return undefined
  const problem = chain.rpc === undefined ? undefined : publicAddressProblem(chain.rpc)
  if (problem !== undefined) {
    throw ledgerErrors.ledger_choice_unusable(`This address can’t be told to the community: ${problem}.`)
  }
  const checked = chainWordOf({ ...chain })
  if (checked !== undefined) return checked
  throw ledgerErrors.ledger_choice_unusable('This is no chain that a community can use.')
}
