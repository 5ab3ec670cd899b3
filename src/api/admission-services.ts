// What the API needs of codes, requests and own devices, in the API's own words; `node/` implements it, as in services.ts.

import type {
  Applicant,
  Ask,
  AskRequest,
  Code,
  CodeRequest,
  DecisionRequest,
  DeviceCodeRequest,
  DeviceJoined,
  DeviceJoinRequest,
  EnterRequest,
  OwnDevice,
} from './admission-schemas.ts'
import type { Community } from './community-schemas.ts'

interface Abortable {
  readonly signal: AbortSignal
}

export interface AdmissionServices {
  codes(community: string): readonly Code[]
  openCode(community: string, request: CodeRequest): Promise<Code>
  cancelCode(community: string, nameplate: number): Promise<void>
  /** Resolves when the community is open here. */
  enter(request: EnterRequest, options: Abortable): Promise<Community>

  requestLink(community: string): Promise<string>
  requests(community: string): readonly Applicant[]
  decide(community: string, device: string, decision: DecisionRequest): Promise<void>

  ask(request: AskRequest): Promise<Ask>
  asks(): readonly Ask[]
  cancelAsk(community: string): Promise<void>
}

export interface DeviceServices {
  list(): readonly OwnDevice[]
  codes(): readonly Code[]
  openCode(request: DeviceCodeRequest): Promise<Code>
  cancelCode(nameplate: number): Promise<void>
  join(request: DeviceJoinRequest, options: Abortable): Promise<DeviceJoined>
}
