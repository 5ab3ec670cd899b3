// Codes, requests and own devices of the in-memory services. The hub carries them: whoever has it is in reach, and hears
// a code. Persons are fixed, so a computer that enters a device's code is shown among the other's devices and stays who it
// is.

import { randomInt } from 'node:crypto'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import type { Applicant, Ask, Code, OwnDevice } from '../../src/api/admission-schemas.ts'
import type { AdmissionServices, DeviceServices } from '../../src/api/admission-services.ts'
import type { Event } from '../../src/api/schemas.ts'
import { defineErrors } from '../../src/base/errors.ts'
import type { Clock } from '../../src/base/ports.ts'
import type { MemoryCommunities } from './services-communities.ts'
import { checkMay, type MemoryAuthor, type MemoryCommunity, type MemoryHub } from './services-hub.ts'

const errors = defineErrors({
  code_unknown: { kind: 'not-found', hint: 'See the list of codes.' },
  code_not_found: { kind: 'not-found', hint: 'Is it still shown?' },
  code_wrong: { kind: 'refused', hint: 'Compare the words.' },
  code_malformed: { kind: 'usage', hint: 'Type it as it was said.' },
  link_malformed: { kind: 'usage', hint: 'Copy the whole link.' },
  request_unknown: { kind: 'not-found', hint: 'See the list of requests.' },
  ask_unknown: { kind: 'not-found', hint: 'See the list of what was asked for.' },
})

/** A code that is open somewhere. */
export interface MemoryCode {
  readonly view: Code
  /** What comes of it, told to whoever made it. Returns the person who made it. */
  use(guest: { readonly name: string; readonly device: OwnDevice }): string
}

/** Somebody who asks, and what happens at their computer when it was decided. */
export interface MemoryApplicant {
  state: 'pending' | 'blocked'
  readonly view: Omit<Applicant, 'state'>
  decided(admission: { readonly role: string; readonly by: string } | undefined): void
}

interface AdmissionParts {
  readonly clock: Clock
  readonly hub: MemoryHub
  readonly author: MemoryAuthor
  readonly communities: MemoryCommunities
  readonly deviceName: () => string
  readonly checkPassphrase: (given: string | undefined) => void
  readonly emit: (event: Event) => void
}

const codeLifeMs = 600_000
const linkPattern = /^peerhood:request\.([0-9a-f]{64})$/

export function createMemoryAdmission(parts: AdmissionParts): {
  readonly admission: AdmissionServices
  readonly devices: DeviceServices
} {
  const { clock, hub, author, communities, emit } = parts
  const asks = new Map<string, Ask>()
  const added: OwnDevice[] = []
  const own = new Map<number, Code>()
  const here = (): OwnDevice => {
    const { device, peerId } = author
    const ids = communities.services.list().map(({ id }) => id)
    return { device, peerId, name: parts.deviceName(), here: true, communities: ids, addedMs: clock.nowMs() }
  }

  function openCode(facts: Pick<Code, 'kind' | 'community' | 'role'>, use: MemoryCode['use']): Code {
    const word = () => wordlist[randomInt(wordlist.length)] ?? ''
    let nameplate = randomInt(1, 1000)
    while (hub.codes.has(nameplate)) nameplate = randomInt(1, 1000)
    const code = `${nameplate}-${word()}-${word()}`
    const view: Code = { nameplate, code, ...facts, expiresMs: clock.nowMs() + codeLifeMs, triesLeft: 3 }
    hub.codes.set(nameplate, { view, use })
    own.set(nameplate, view)
    return view
  }

  function end(nameplate: number, outcome: 'used' | 'cancelled', guest: string | null): void {
    const view = own.get(nameplate)
    if (view === undefined) return
    own.delete(nameplate)
    hub.codes.delete(nameplate)
    const { kind, community } = view
    emit({ type: 'code-ended', ended: { nameplate, kind, community, outcome, guest, problem: null } })
  }

  const openCodes = (community: string | null) => [...own.values()].filter((code) => code.community === community)

  function cancel(nameplate: number, community: string | null): void {
    if (!openCodes(community).some((code) => code.nameplate === nameplate)) {
      throw errors.code_unknown('There is no open code of this number.')
    }
    end(nameplate, 'cancelled', null)
  }

  /** The code that somebody typed. */
  function heard(text: string, kind: Code['kind']): MemoryCode {
    const typed = text.trim().toLowerCase().replaceAll(/\s+/g, '-')
    const nameplate = Number(/^(\d{1,3})-[a-z]+-[a-z]+$/.exec(typed)?.[1])
    if (Number.isNaN(nameplate)) throw errors.code_malformed('This is no code.')
    const code = hub.codes.get(nameplate)
    if (code?.view.kind !== kind) throw errors.code_not_found('Nobody nearby shows this code.')
    if (code.view.code !== typed) throw errors.code_wrong('The words differ.')
    return code
  }

  /** To decide about who comes in. */
  function takeToApprove(id: string): MemoryCommunity {
    const community = communities.take(id)
    checkMay(community, author.person, 'approve')
    return community
  }

  function keepAsk(ask: Ask): void {
    if (ask.state === 'admitted') asks.delete(ask.community)
    else asks.set(ask.community, ask)
    emit({ type: 'ask', ask })
  }

  function ask(community: string, memberName: string, note: string): Ask {
    const nowMs = clock.nowMs()
    const made: Ask = {
      ...{ community, name: hub.communities.get(community)?.name ?? null, memberName, note },
      ...{ state: 'asking', sentence: 'Somebody there has to say yes.', askedMs: nowMs, reachedMs: nowMs },
    }
    keepAsk(made)
    const known = hub.applicants.get(`${community} ${author.device}`)
    if (known?.state === 'blocked') {
      keepAsk({ ...made, state: 'refused', sentence: 'A member has refused it.' })
      return asks.get(community) ?? made
    }
    const { device, peerId, person } = author
    const view = { community, device, peerId, person, memberName, deviceName: parts.deviceName(), note }
    const applicant: MemoryApplicant = {
      state: 'pending',
      view: { ...view, askedMs: nowMs, lastMs: nowMs },
      decided(admission) {
        if (admission === undefined) keepAsk({ ...made, state: 'refused', sentence: 'A member has refused it.' })
        else {
          communities.letIn(community, memberName, admission.role, admission.by)
          keepAsk({ ...made, state: 'admitted', sentence: 'A member has let this person in.' })
        }
      },
    }
    hub.applicants.set(`${community} ${device}`, applicant)
    hub.events.emit({ type: 'applicant', id: community, applicant })
    return made
  }

  hub.events.on((event) => {
    if (event.type !== 'applicant' || !communities.isOpen(event.id)) return
    const request = { ...event.applicant.view, state: event.applicant.state }
    if (communities.services.get(event.id).capabilities.includes('approve')) emit({ type: 'join-request', request })
  })

  return {
    admission: {
      codes(id) {
        communities.take(id)
        return openCodes(id)
      },
      async openCode(id, { role = 'member' }) {
        communities.checkRole(takeToApprove(id), role)
        const code = openCode({ kind: 'member', community: id, role }, ({ name }) => {
          end(code.nameplate, 'used', name)
          return author.person
        })
        return code
      },
      async cancelCode(id, nameplate) {
        cancel(nameplate, id)
      },
      async enter({ code, memberName }) {
        const found = heard(code, 'member')
        const { community, role } = found.view
        const by = found.use({ name: memberName, device: here() })
        return communities.letIn(community ?? '', memberName, role ?? 'member', by)
      },

      requestLink: async (id) => `peerhood:request.${takeToApprove(id).id}`,
      requests(id) {
        const { id: community } = takeToApprove(id)
        const asking = [...hub.applicants.values()].filter(({ view }) => view.community === community)
        return asking.map(({ view, state }) => ({ ...view, state }))
      },
      async decide(id, device, { accept, role = 'member', block = false }) {
        communities.checkRole(takeToApprove(id), role)
        const key = `${id} ${device}`
        const applicant = hub.applicants.get(key)
        if (applicant === undefined) throw errors.request_unknown('No device of this id asks.')
        const wasBlocked = applicant.state === 'blocked'
        if (block) applicant.state = 'blocked'
        else hub.applicants.delete(key)
        if (accept || !wasBlocked) applicant.decided(accept ? { role, by: author.person } : undefined)
      },

      async ask({ link, memberName, note = '' }) {
        const [, community] = linkPattern.exec(link) ?? []
        if (community === undefined) throw errors.link_malformed('This is no link to ask with.')
        return ask(community, memberName, note)
      },
      asks: () => [...asks.values()],
      async cancelAsk(id) {
        if (!asks.delete(id)) throw errors.ask_unknown('Nothing like it was asked for.')
        const key = `${id} ${author.device}`
        if (hub.applicants.get(key)?.state === 'pending') hub.applicants.delete(key)
      },
    },
    devices: {
      list: () => [here(), ...added],
      codes: () => openCodes(null),
      async openCode({ passphrase }) {
        parts.checkPassphrase(passphrase)
        const code = openCode({ kind: 'device', community: null, role: null }, ({ name, device }) => {
          end(code.nameplate, 'used', name)
          added.push({ ...device, here: false, communities: [] })
          const { peerId } = device
          emit({ type: 'device-added', device: { peerId, name, communities: 0, missed: 0 } })
          return author.person
        })
        return code
      },
      async cancelCode(nameplate) {
        cancel(nameplate, null)
      },
      async join({ code, passphrase }) {
        parts.checkPassphrase(passphrase)
        const did = heard(code, 'device').use({ name: parts.deviceName(), device: here() })
        return { did, replaced: null, communities: [], missed: 0, others: [], sentence: 'This computer is theirs now.' }
      },
    },
  }
}
