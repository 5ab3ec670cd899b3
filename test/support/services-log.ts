// The log of the in-memory communities as people check it: activity page by page, verification, export.

import type { ActivityEntry, Community, ExportLine, Member } from '../../src/api/community-schemas.ts'
import type { CommunityServices } from '../../src/api/community-services.ts'
import type { Clock } from '../../src/base/ports.ts'
import {
  communityMemoryErrors as errors,
  type MemoryAuthor,
  type MemoryCommunity,
  type MemoryEntry,
  merkleRootOf,
  wrongEntries,
} from './services-hub.ts'

interface LogParts {
  readonly clock: Clock
  readonly author: MemoryAuthor
  /** Whether it is held for others, unreadable. */
  readonly isSealed: (id: string) => boolean
  readonly locate: (id: string) => MemoryCommunity
  readonly take: (id: string) => MemoryCommunity
  readonly view: (id: string) => Community
  readonly memberView: (member: Member) => Member
  readonly wordlist: readonly string[]
}

export function createMemoryLog(parts: LogParts): Pick<CommunityServices, 'activity' | 'sync' | 'verify' | 'export'> {
  const { clock, author, locate, take, view, memberView } = parts

  function entryView(community: MemoryCommunity, entry: MemoryEntry, sealed: boolean): ActivityEntry {
    const { id, cid, device, seq, atMs, lane, header, signature } = entry
    const open = <Value>(value: Value) => (sealed ? null : value)
    const name = community.members.get(entry.person)?.name ?? null
    return {
      id,
      cid,
      device,
      seq,
      atMs,
      lane,
      person: open(entry.person),
      name: open(name),
      epoch: community.epoch,
      app: open(entry.app),
      kind: open(entry.kind),
      sentence: sealed ? 'It is sealed here.' : `${name ?? 'Somebody'}: ${entry.sentence}`,
      counts: open(true),
      void: null,
      bytes: header.length + signature.length,
      signature: signature.toString('hex'),
      holders: others(community).map(({ peerId }) => peerId),
    }
  }

  const others = (community: MemoryCommunity) =>
    [...community.members.values()]
      .filter(({ state, person }) => state === 'active' && person !== author.person)
      .flatMap(({ devices, person, name }) => devices.map(({ peerId }) => ({ peerId, person, name })))

  return {
    async activity(id, { before, limit }) {
      const community = locate(id)
      const end = before === undefined ? community.entries.length : Number(before)
      if (!/^\d{1,15}$/.test(String(end))) throw errors.page_unknown('There is no such page.')
      const start = Math.max(0, end - limit)
      const entries = community.entries.slice(start, end).reverse()
      return {
        entries: entries.map((entry) => entryView(community, entry, parts.isSealed(id))),
        before: start === 0 ? null : String(start),
      }
    },
    sync(id) {
      const community = locate(id)
      const same = { state: 'current', hereLacks: 0, thereLacks: 0, problem: null } as const
      const peers = others(community).map((peer) => ({ ...peer, ...same, lastMs: clock.nowMs() }))
      return {
        state: peers.length === 0 ? 'alone' : 'current',
        sentence: peers.length === 0 ? 'Nobody else is in reach.' : 'Everybody in reach has the same.',
        peers,
        keepers: [...community.keepers.values()].map(({ peerId, name, lastProofMs }) => ({
          peerId,
          name,
          lastProofMs,
          state: 'away' as const,
          hereLacks: null,
          thereLacks: null,
          problem: null,
        })),
      }
    },
    async verify(id, { signal }) {
      const community = locate(id)
      signal.throwIfAborted()
      const wrong = wrongEntries(community)
      const merkleRoot = merkleRootOf(community)
      return {
        ok: wrong.length === 0,
        entries: community.entries.length,
        signatures: community.entries.length,
        merkleRoot,
        words: wordsOf(merkleRoot, parts.wordlist),
        problems: wrong
          .slice(0, 100)
          .map((entry) => ({ entry, code: 'signature_wrong', sentence: 'Its signature or its link is wrong.' })),
        problemsCount: wrong.length,
        checkedMs: clock.nowMs(),
      }
    },
    async *export(id, { signal }) {
      const community = take(id)
      let lines = 0
      for (const line of exportOf(community)) {
        signal.throwIfAborted()
        yield line
        lines += 1
      }
      yield { type: 'end', lines }
    },
  }

  function* exportOf(community: MemoryCommunity): Generator<ExportLine, void> {
    yield { type: 'export', version: 1, exportedMs: clock.nowMs(), community: view(community.id) }
    for (const member of community.members.values()) yield { type: 'member', member: memberView(member) }
    for (const role of community.roles.values()) yield { type: 'role', role }
    for (const entry of community.entries) {
      const { holders: _holders, sentence: _sentence, ...facts } = entryView(community, entry, false)
      yield {
        type: 'entry',
        ...facts,
        body: entry.body,
        entry: Buffer.concat([Buffer.from(entry.header), entry.signature]).toString('base64'),
      }
    }
    for (const message of community.messages) yield { type: 'view', app: 'chat', kind: 'message', value: message }
  }
}

/** 66 bits of the root, eleven a word. */
function wordsOf(root: string, wordlist: readonly string[]): string[] {
  const bits = BigInt(`0x${root}`)
  return Array.from({ length: 6 }, (_, index) => wordlist[Number((bits >> BigInt(245 - 11 * index)) & 2047n)] ?? '')
}
