// Every limit of log/sync/, with the reason for its size. docs/protocol/log-sync.md states those that both sides keep.

import { devicesMax, entryBytesMax } from '../limits.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

// ---- what may cross the wire

/** Devices in one vector: as many as a log may have, 40 bytes each, 640 KiB. */
export const vectorDevicesMax = devicesMax
/** Devices in one frame of a vector, or of news to it: 62.5 KiB. */
export const placesPerFrameMax = 1_600
/** Forks in one frame, 104 bytes each: 52 KiB. */
export const forksPerFrameMax = 512
/** Forks that one session may tell of: each is kept, and may be asked for. */
export const forksPerSessionMax = 1_024
/** The longest entry that any log takes. */
export const entryFrameBytesMax = entryBytesMax
/** A frame of entries is closed once it is this long, so that no frame keeps a slow line for long … */
export const entriesFrameBytes = 64 * kibibyte
/** … and so none is longer than that and one more entry with its length. */
export const entriesFrameBytesMax = entriesFrameBytes + 4 + entryFrameBytesMax
/** Entries in one frame; none is shorter than 100 bytes or so. */
export const entriesPerFrameMax = 1_024
/** Ids in one frame that asks. */
export const idsPerFrameMax = 64
/** Entries that one challenge asks for: at most 512 KiB to read and hash. */
export const challengePlacesMax = 8

// ---- what a peer may ask of us

/** Ids asked and not yet answered; each is 32 bytes until it is. */
export const wantsMax = 256
/** Entries of one device that lead to an asked one, answered along with it: a forked chain takes few round trips. */
export const answerChainMax = 64
/** Frames other than entries: an honest peer sends some tens a second. */
export const controlFramesPerSecond = 500
export const controlFramesBurst = 2_000
/** A vector told anew makes us look through the whole log again. */
export const vectorsPerSecond = 0.2
export const vectorsBurst = 6
/** A challenge makes us read up to 512 KiB from all over the disk. */
export const challengesPerSecond = 0.1
export const challengesBurst = 4
/** Entries that we had, or that fit nowhere yet, cost little: this many a second … */
export const uselessEntriesPerSecond = 2_000
/** … and at once as many as two peers that send the same long history can send before either notices. */
export const uselessEntriesBurst = 100_000
/** Entries that are refused and may be an honest peer's mistake (early, frozen, no room), in one session. */
export const refusedEntriesBurst = 5_000
export const refusedEntriesPerSecond = 10
/** Wrong signatures in one session: who passes entries on checks them first, so even one is odd. */
export const wrongSignaturesMax = 64
/** Streams of this protocol that one peer may have open: one a community, and one more while two cross. */
export const streamsPerPeerMax = 64
/** Sessions that peers open, in all; each costs a vector (40 bytes a device) and some KiB. */
export const sessionsAcceptedMax = 512
/** Sessions of one community: a keeper serves them all, members need few. */
export const sessionsPerCommunityMax = 64

// ---- what we ask and keep

/** With so many sessions a community looks for no more; entries reach everybody over several hops. */
export const sessionsEnough = 6
/** Entries read for one peer at a time. */
export const readBytesMax = 256 * kibibyte
/** Entries that have arrived and wait for the log; past it nothing more is read from that peer. */
export const receiveAheadBytesMax = mebibyte
/** Entries handed to the log at once: many make the check of signatures cheap. */
export const receiveBatchMax = 4_096
/** Entries of devices that we want no more of, after we have said so: what is on its way by then (`receiveAheadBytesMax`). */
export const overrunMax = 10_000
/** Ids that we have asked of one peer and not been answered. */
export const askedMax = wantsMax / 2
/** How often the same id is asked of the same peer: an answer that was refused will be again. */
export const asksPerIdMax = 2
/** Ids remembered as asked of one peer, so that answers can be told from rubbish. */
export const askedRememberedMax = 4_096
/** Frames other than entries that may wait for a peer that does not read. */
export const unsentBytesMax = mebibyte
/** Candidates remembered a community. */
export const candidatesMax = 256
/** Addresses remembered of one candidate. */
export const addressesPerPeerMax = 8
/** What is remembered of peers whose session has ended (proofs, failures), a community. */
export const rememberedPeersMax = 256
/** Dials of one community under way at once. */
export const dialsMax = 4

// ---- waiting

/** From a stream's opening to the other side's hello. */
export const handshakeTimeoutMs = 10_000
/** Connecting and opening the stream. */
export const dialTimeoutMs = 20_000
/** We send something at least this often … */
export const keepaliveMs = 30_000
/** … and leave a peer of which no whole frame came for so long: even the longest takes a line of 2 KiB/s. */
export const silenceMs = 120_000
/** How often a session looks at the time. */
export const tickMs = 1_000
/** How long a last frame may take to leave before the stream is cut. */
export const farewellMs = 1_000
/** A peer that takes nothing of what we send is left after this. */
export const notReadingMs = 120_000
/** Entries of others are passed on only after this: by then most who have them have said so. Own ones go at once … */
export const forwardDelayMs = 50
/** … and up to so much later by chance: neighbours of one who lacks them would all send at once. Keepers, who are few, don't. */
export const forwardJitterMs = 250
/** What we have anew is told to others at most this often. */
export const haveDelayMs = 20
/** The one peer that sends the bulk sent nothing for so long: ask another as well. */
export const sourceStallMs = 5_000
/** It still has not: it says that it has entries and does not give them. A frame of them takes 0.5 KiB/s so long. */
export const withholdMs = 120_000
/** How often a session counts what it lacks: that takes a step for each device. */
export const lackEveryMs = 10_000
/** How long after the last entry parents may be missing before they are asked for around. */
export const gapDelayMs = 500
/** Then, while they are, all vectors are told anew after this, doubled … */
export const roundEveryMs = 10_000
/** … up to this. */
export const roundEveryMaxMs = 600_000
/** A keeper is asked for a proof so long after it is level with us … */
export const challengeFirstMs = 5_000
/** … and then this often. */
export const challengeEveryMs = 600_000
/** The answer must be here by then: reading 512 KiB takes no disk so long, fetching it from elsewhere may. */
export const challengeTimeoutMs = 30_000
/** Status events a community: four a second. */
export const statusEveryMs = 250

// ---- what is published

/** Entries up to this size are published; longer ones go by sessions alone, so that gossip stays small. */
export const publishedEntryBytesMax = 16 * kibibyte
/** Bytes that are for those who are there now: who types, who is here. */
export const ephemeralBytesMax = 2 * kibibyte
/** What we publish in one community: below what peers take of one author (network/limits.ts). Sessions carry the rest. */
export const publishPerSecond = 40
export const publishBurst = 150
/** Entries that came by gossip and wait for the log. */
export const publishedQueueBytesMax = 4 * mebibyte
/** The topic before is followed for so long after it changed: others may not know of the new one. */
export const topicGraceMs = 60_000
/** How often parents that gossip did not bring lead to a search, when there is no session. */
export const gapSearchEveryMs = 10_000

// ---- searching

/** A peer that could not be reached is tried again after this, doubled each time … */
export const candidateRetryMs = 2_000
/** … up to this. */
export const candidateRetryMaxMs = 300_000
/** A peer that says it does not have the community. */
export const candidateRefusedMs = 60_000
/** `peers()` is asked again this often. */
export const peersEveryMs = 30_000
/** Rounds of asking the DHT: first, then doubled … */
export const searchEveryMs = 5_000
/** … up to this. */
export const searchEveryMaxMs = 600_000
/** One DHT look-up. */
export const searchTimeoutMs = 60_000
/** Providers taken from one look-up. */
export const providersPerSearchMax = 32
