// Shapes of the API's IPFS part, as in schemas.ts.

import { z } from 'zod'
import { count, timeMs } from './schema-parts.ts'

const pathText = z.string().min(1).max(4096)

const getRequestSchema = z.strictObject({
  kind: z.literal('get'),
  cid: z.string().min(1).max(384),
  from: z.string().min(1).max(1024).optional().describe('A multiaddr with /p2p/<id> of a peer that has it'),
  to: pathText.describe('Absolute path of the folder to write into'),
  name: z.string().min(1).max(255).optional().describe('What it is called there; default: the CID'),
  share: z.boolean().optional().describe('Whether it becomes a public share; default: true'),
})
const importRequestSchema = z.strictObject({
  kind: z.literal('import'),
  file: pathText.describe('Absolute path of a CAR file'),
  to: pathText.describe('Absolute path of the folder to write into'),
  name: z.string().min(1).max(255).optional().describe('What it is called there; default: the CAR file’s name'),
  share: z.boolean().optional().describe('Whether it becomes a public share; default: true'),
})
const exportRequestSchema = z.strictObject({
  kind: z.literal('export'),
  what: z.string().min(1).max(384).describe('A CID, or the id of a public share'),
  from: z.string().min(1).max(1024).optional().describe('A multiaddr with /p2p/<id> of a peer that has it'),
  to: pathText.describe('Absolute path of the CAR file to write; must not exist'),
})

export const ipfsJobRequestSchema = z
  .discriminatedUnion('kind', [getRequestSchema, importRequestSchema, exportRequestSchema])
  .meta({ id: 'IpfsJobRequest' })

export const ipfsJobSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['get', 'import', 'export']),
    state: z.enum(['running', 'done', 'failed', 'cancelled']),
    cid: z.string().nullable().describe('null until the CAR file of an import was read'),
    path: z.string().nullable().describe('What was written'),
    bytes: count.describe('Of file content found so far; of an export, of the CAR file'),
    bytesDone: count,
    bytesReused: count.describe('Of bytesDone, what an earlier try had left'),
    files: count,
    left: count.describe('Symbolic links, which are left out'),
    shareId: z.string().nullable(),
    shareCid: z
      .string()
      .nullable()
      .describe('Root of that share; another than `cid` where the content was cut into other blocks than Peerhood’s'),
    startedAtMs: timeMs,
    endedAtMs: timeMs.nullable(),
    problem: z
      .object({
        code: z.string(),
        kind: z.enum(['usage', 'conflict', 'not-found', 'refused', 'local', 'no-daemon', 'interrupted', 'internal']),
        sentence: z.string(),
        hint: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'IpfsJob' })
export const ipfsJobsSchema = z.object({ jobs: z.array(ipfsJobSchema) }).meta({ id: 'IpfsJobs' })

export const ipfsStatusSchema = z
  .object({
    gateway: z.string().nullable().describe('URL of the gateway on this computer; null when it is off'),
    publicDht: z
      .object({
        peers: count,
        provided: count.describe('Roots told to it'),
        roots: count.describe('Roots of public shares'),
      })
      .nullable()
      .describe('The public IPFS DHT; null when it is off'),
    blocksSent: count,
    bytesSent: count.describe('Of blocks, to IPFS peers, since the start'),
    bytesReceived: count,
    peers: z.array(z.object({ peerId: z.string(), wants: count, bytesSent: count, bytesReceived: count })),
  })
  .meta({ id: 'IpfsStatus' })

export type IpfsJob = z.infer<typeof ipfsJobSchema>
export type IpfsJobRequest = z.input<typeof ipfsJobRequestSchema>
export type IpfsStatus = z.infer<typeof ipfsStatusSchema>
