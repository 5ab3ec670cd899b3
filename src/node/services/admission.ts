// Codes, requests and own devices, for the API.

import type * as Api from '../../api/admission-schemas.ts'
import type { AdmissionServices, DeviceServices } from '../../api/admission-services.ts'
import type { Community } from '../../api/community-schemas.ts'
import type { Event } from '../../api/schemas.ts'
import type { Cancel } from '../../base/ports.ts'
import type { Admission, AdmissionEvent, Applicant, Ask, OwnDevice } from '../../community/admission-types.ts'
import type { CodeEnded, OpenCode } from '../../community/code-desk.ts'
import type { CommunityFacts } from '../../community/types.ts'
import type { Identity } from '../../identity/types.ts'
import type { CommunityId, DeviceId } from '../../log/types.ts'
import { type Notices, personReplaced } from '../notices.ts'

export interface AdmissionParts {
  readonly admission: Admission
  readonly identity: Identity
  readonly notices: Notices
  /** A community as the API shows it. */
  readonly view: (facts: CommunityFacts) => Community
  readonly emit: (event: Event) => void
}

const idOf = (id: string) => id as CommunityId

export function createAdmissionServices(parts: AdmissionParts): {
  readonly calls: AdmissionServices
  readonly devices: DeviceServices
  follow(): Cancel
} {
  const { admission, emit } = parts
  return {
    calls: admissionCalls(parts),
    devices: deviceCalls(parts),
    follow: () =>
      admission.on((event) => {
        emit(eventToApi(event))
      }),
  }
}

function admissionCalls({ admission, view }: AdmissionParts): AdmissionServices {
  return {
    codes: (id) => admission.codes(idOf(id)).map(codeToApi),
    openCode: async (id, { role = 'member' }) => codeToApi(admission.openCode(idOf(id), role)),
    async cancelCode(id, nameplate) {
      admission.cancelCode(idOf(id), nameplate)
    },
    enter: async ({ code, memberName }, { signal }) => view(await admission.enter(code, { memberName, signal })),

    requestLink: (id) => admission.requestLink(idOf(id)),
    requests: (id) => admission.requests(idOf(id)).flatMap((one) => applicantToApi(one) ?? []),
    decide(id, device, { accept, role = 'member', block = false }) {
      const decision = accept ? ({ accept, role } as const) : ({ accept, block } as const)
      return admission.decide(idOf(id), device as DeviceId, decision)
    },

    ask: async ({ link, memberName, note = '' }) => askToApi(admission.ask(link, { memberName, note })),
    asks: () => admission.asks().map((ask) => askToApi(ask)),
    async cancelAsk(id) {
      admission.cancelAsk(idOf(id))
    },
  }
}

function deviceCalls({ admission, identity, notices, view }: AdmissionParts): DeviceServices {
  const { devices } = admission
  return {
    list: () => devices.list().map(deviceToApi),
    codes: () => devices.codes().map(codeToApi),
    openCode: async ({ passphrase }) => codeToApi(await devices.openCode(passphrase)),
    async cancelCode(nameplate) {
      devices.cancelCode(nameplate)
    },
    async join({ code, passphrase }, { signal }) {
      const { replaced, communities, missed, others } = await devices.join(code, { passphrase, signal })
      if (replaced !== undefined) notices.add(personReplaced(replaced))
      return {
        did: identity.did,
        replaced: replaced ?? null,
        communities: communities.map(view),
        missed,
        others: others.map(view),
        sentence: joinedSentence({ replaced, missed, others: others.length }),
      }
    },
  }
}

/** What has become of this computer, in words. */
function joinedSentence(facts: { replaced: string | undefined; missed: number; others: number }): string {
  const { replaced, missed, others } = facts
  const said = ['This computer is this person’s now; communities open as soon as their entries are here.']
  if (missed > 0) said.push(`${missed} of the person’s communities could not be opened here; the logs of both say why.`)
  if (replaced !== undefined) said.push(`The person until now was put aside in ${replaced}.`)
  if (others > 0) {
    said.push(
      `Communities of the person until now (${others}) stay here, but nothing can be written in them until that person is restored.`,
    )
  }
  return said.join(' ')
}

function codeToApi({ nameplate, code, purpose, expiresMs, triesLeft }: OpenCode): Api.Code {
  const offer = purpose.kind === 'member' ? purpose.offer : undefined
  return {
    ...{ nameplate, code, kind: purpose.kind, triesLeft },
    community: offer?.community ?? null,
    role: offer?.role ?? null,
    expiresMs: whole(expiresMs),
  }
}

/** Undefined for one who was refused and only has to be told. */
function applicantToApi({
  certificate: _certificate,
  peer,
  state,
  ...applicant
}: Applicant): Api.Applicant | undefined {
  if (state === 'refused') return undefined
  return { ...applicant, peerId: peer, state, askedMs: whole(applicant.askedMs), lastMs: whole(applicant.lastMs) }
}

function askToApi(ask: Ask, admitted = false): Api.Ask {
  const { peers: _peers, name, askedMs, reachedMs, ...rest } = ask
  const state = admitted ? 'admitted' : ask.state
  const isReached = reachedMs !== undefined
  return {
    ...rest,
    name: name ?? null,
    state,
    sentence: state === 'asking' && isReached ? waitingSentence : askSentences[state],
    askedMs: whole(askedMs),
    reachedMs: isReached ? whole(reachedMs) : null,
  }
}

const waitingSentence = 'A member’s computer has noted it; somebody there has to say yes. It goes on asking by itself.'
const askSentences: Readonly<Record<Api.Ask['state'], string>> = {
  asking: 'No member was reached yet; it goes on asking by itself while Peerhood runs.',
  refused: 'A member has refused it.',
  unanswered: 'Nobody has answered for a month, so it asks no longer.',
  admitted: 'A member has let this person in; the community opens as soon as its entries are here.',
}

function deviceToApi({ peer, communities, addedMs, ...device }: OwnDevice): Api.OwnDevice {
  return {
    ...device,
    peerId: peer,
    communities: [...communities],
    addedMs: addedMs === undefined ? null : whole(addedMs),
  }
}

function endedToApi({ type: _type, community, guest, problem, ...ended }: CodeEnded): Api.CodeEnded {
  return {
    ...ended,
    community: community ?? null,
    guest: guest ?? null,
    problem: problem === undefined ? null : { code: problem.code, sentence: problem.message },
  }
}

function eventToApi(event: AdmissionEvent): Event {
  switch (event.type) {
    case 'code-ended':
      return { type: 'code-ended', ended: endedToApi(event) }
    case 'ask':
      return { type: 'ask', ask: askToApi(event.ask, event.admitted) }
    case 'device-added': {
      const { peer, name, communities, missed } = event
      return { type: 'device-added', device: { peerId: peer, name, communities, missed } }
    }
    case 'request': {
      const request = applicantToApi(event.applicant)
      if (request === undefined) throw new Error('assertion failed: who is refused is told, not shown')
      return { type: 'join-request', request }
    }
  }
}

function whole(value: number): number {
  return Math.max(0, Math.round(value))
}
