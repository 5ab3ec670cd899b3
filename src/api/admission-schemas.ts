// The shapes of how people and devices come into communities without an invite: codes that are said aloud, requests to be
// let in, a person's own devices. Conventions as in schemas.ts.

import { z } from 'zod'
import { communitySchema } from './community-schemas.ts'
import { count, nameOf, reasonSchema, timeMs, wordSchema } from './schema-parts.ts'

const memberName = nameOf(64).describe('How this person is called in the community')
/** As people type it: any capitals and spacing. */
const typedCode = z.string().min(1).max(64).describe('A number and two words, like `7-ocean-lamp`')
const passphrase = z.string().max(1024).optional().describe('When the keystore of this computer has one')
const codeKind = z.enum(['member', 'device']).describe('member: lets into a community; device: adds a computer')

export const codeSchema = z
  .object({
    nameplate: count.describe('The number that the code begins with; names it in paths'),
    code: z.string().describe('To be said aloud; a secret until it is used'),
    kind: codeKind,
    community: z.string().nullable().describe('null for a code that adds a device'),
    role: z.string().nullable().describe('What whoever enters it will be'),
    expiresMs: timeMs,
    triesLeft: count.describe('Wrong guesses that are still taken'),
  })
  .meta({ id: 'Code' })
export const codesSchema = z.object({ codes: z.array(codeSchema) }).meta({ id: 'Codes' })
export const codeRequestSchema = z
  .strictObject({ role: wordSchema.default('member').describe('Not above one’s own') })
  .meta({ id: 'CodeRequest' })
export const codeEndedSchema = z
  .object({
    nameplate: count,
    kind: codeKind,
    community: z.string().nullable(),
    outcome: z
      .enum(['used', 'void', 'expired', 'cancelled', 'failed'])
      .describe('void: guessed at too often; failed: its guest was there and could not be let in'),
    guest: z.string().nullable().describe('How the person, or the device, is called that was let in'),
    problem: reasonSchema.nullable(),
  })
  .meta({ id: 'CodeEnded' })

export const enterRequestSchema = z.strictObject({ code: typedCode, memberName }).meta({ id: 'EnterRequest' })

export const requestLinkSchema = z
  .object({ link: z.string().describe('Whoever has it can ask to be let in; it holds no secret') })
  .meta({ id: 'AskingLink' })
export const applicantSchema = z
  .object({
    community: z.string(),
    device: z.string().describe('Hex of its Ed25519 key; names the request in paths'),
    peerId: z.string(),
    person: z.string().describe('did:key:…; proven by a certificate'),
    memberName: z.string().describe('By their own word'),
    deviceName: z.string(),
    note: z.string(),
    state: z.enum(['pending', 'blocked']),
    askedMs: timeMs,
    lastMs: timeMs.describe('When it asked last'),
  })
  .meta({ id: 'Applicant' })
export const applicantsSchema = z.object({ requests: z.array(applicantSchema) }).meta({ id: 'Applicants' })
export const decisionRequestSchema = z
  .strictObject({
    accept: z.boolean(),
    role: wordSchema.optional().describe('What they will be; default: member'),
    block: z.boolean().optional().describe('Refuse this device and its person from now on, without asking again'),
  })
  .refine(({ accept, role }) => accept || role === undefined, 'a role is for those who are let in')
  .refine(({ accept, block }) => !(accept && block === true), 'it can’t let in and block')
  .meta({ id: 'DecisionRequest' })

export const askRequestSchema = z
  .strictObject({
    link: z.string().min(1).max(8192),
    memberName,
    note: z.string().max(280).default('').describe('Who one is and why one asks'),
  })
  .meta({ id: 'AskRequest' })
export const askSchema = z
  .object({
    community: z.string(),
    name: z.string().nullable().describe('What the link calls it; proven by nothing'),
    memberName: z.string(),
    note: z.string(),
    state: z.enum(['asking', 'refused', 'unanswered', 'admitted']),
    sentence: z.string(),
    askedMs: timeMs,
    reachedMs: timeMs.nullable().describe('When a member’s computer was reached last; null: none yet'),
  })
  .meta({ id: 'Ask' })
export const asksSchema = z.object({ asks: z.array(askSchema) }).meta({ id: 'Asks' })

export const ownDeviceSchema = z
  .object({
    device: z.string().describe('Hex of its Ed25519 key'),
    peerId: z.string(),
    name: z.string(),
    here: z.boolean().describe('Whether it is this computer'),
    communities: z.array(z.string()).describe('Those here in which it takes part'),
    addedMs: timeMs.nullable().describe('null: it takes part in none'),
  })
  .meta({ id: 'OwnDevice' })
export const ownDevicesSchema = z.object({ devices: z.array(ownDeviceSchema) }).meta({ id: 'OwnDevices' })
export const deviceCodeRequestSchema = z.strictObject({ passphrase }).meta({ id: 'DeviceCodeRequest' })
export const deviceJoinRequestSchema = z.strictObject({ code: typedCode, passphrase }).meta({ id: 'DeviceJoinRequest' })
export const deviceJoinedSchema = z
  .object({
    did: z.string().describe('The person whose device this computer is now'),
    replaced: z
      .string()
      .nullable()
      .describe('File with the keystore of the person until now; null: it was the same person'),
    communities: z.array(communitySchema).describe('What the person takes part in; they open as their logs arrive'),
    missed: count.describe('Communities of the person that this device could not be added to'),
    others: z
      .array(communitySchema)
      .describe('Communities of the person until now: nothing is written there until that person is restored'),
    sentence: z.string().describe('What all this means, for a person'),
  })
  .meta({ id: 'DeviceJoined' })
export const deviceAddedSchema = z
  .object({ peerId: z.string(), name: z.string(), communities: count, missed: count })
  .meta({ id: 'DeviceAdded' })

export type Code = z.infer<typeof codeSchema>
export type CodeRequest = z.input<typeof codeRequestSchema>
export type CodeEnded = z.infer<typeof codeEndedSchema>
export type EnterRequest = z.input<typeof enterRequestSchema>
export type Applicant = z.infer<typeof applicantSchema>
export type DecisionRequest = z.input<typeof decisionRequestSchema>
export type AskRequest = z.input<typeof askRequestSchema>
/** What this computer asks for. */
export type Ask = z.infer<typeof askSchema>
/** One of this person's devices. */
export type OwnDevice = z.infer<typeof ownDeviceSchema>
export type DeviceCodeRequest = z.input<typeof deviceCodeRequestSchema>
export type DeviceJoinRequest = z.input<typeof deviceJoinRequestSchema>
export type DeviceJoined = z.infer<typeof deviceJoinedSchema>
export type DeviceAdded = z.infer<typeof deviceAddedSchema>
