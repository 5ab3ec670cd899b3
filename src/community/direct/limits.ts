// Every limit of community/direct/, with the reason for its size. docs/protocol/direct.md states those that both sides keep.

const kibibyte = 1024
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

// ---- what may cross the wire

/** UTF-16 units of the message that goes with a request: who one is and what one wants. */
export const textCharsMax = 1_000
/** Ed25519 (RFC 8032). */
export const signatureBytes = 64
/** A contact link's token: nobody guesses it. */
export const tokenBytes = 32
/** Peers that a request names to start from: the asker's own computer, and one more. */
export const requestPeersMax = 2
/**
 * A certificate (239), a name of 64 and a message of 1,000 units (3 bytes of UTF-8 each), 2 peers with 8 addresses of 320
 * characters (at most 5,200), keys and ids (200), and what CBOR adds: under 10 KiB.
 */
export const requestBytesMax = 10 * kibibyte
/** Longest wait that an answer may ask for: as long as who refused wants to be left alone. */
export const waitMsMax = 30 * dayMs

// ---- what a peer may ask of us

/** Streams of this protocol that one peer may have open: a request, a withdrawal, and one that is ending. */
export const streamsPerPeerMax = 4
/** Conversations at once, over all peers: each holds one frame, and some checks of 3 ms. */
export const talksMax = 32
/** Frames that one peer may send in an hour: a request is repeated every ten minutes and at each connection … */
export const framesPerHour = 60
/** … and at once. */
export const framesBurst = 12
/** Peers whose rates are remembered; the least recently seen makes room. */
export const doorPeersMax = 1_024
/** Requests that wait for this person, over all who ask: a page to look through. One person has one. */
export const requestsWaitingMax = 64
/** Decided requests that are remembered so that they are not asked again; the one decided first makes room. */
export const requestsDecidedMax = 1_024
/** A clock may be so far ahead of ours, as for entries of a log. */
export const futureMsMax = 5 * minuteMs
/** A request is good for so long: the invitation in it ends then. */
export const requestLifeMs = 30 * dayMs
/** Who was refused is not heard again for so long, whatever they write. */
export const refusedPauseMs = 7 * dayMs
/** Whoever is blocked is refused after as long as a person might take: at least … */
export const denyDelayMsMin = minuteMs
/** … and at most. */
export const denyDelayMsMax = 60 * minuteMs
/** Persons that this person blocks; every one is a decision of theirs, so none is forgotten for another. */
export const blocksMax = 4_096
/** Persons who were unblocked, remembered for other computers of this person; the one unblocked first makes room. */
export const unblockedMax = 4_096

// ---- what this computer asks

/** Requests of this person that are not answered yet: each is a community that waits for its second member. */
export const asksMax = 32
/** First pause before asking again where nobody was reached; doubled up to `askDelayMsMax`. */
export const askDelayMsMin = 5_000
/** Longest pause; also what who has it waiting is told to wait, since they say themselves when they have decided. */
export const askDelayMsMax = 10 * minuteMs
/** A peer that connects is asked at once, but not more often than this. */
export const connectPauseMs = 30_000

// ---- waiting

/** Connecting to one peer and opening a stream. */
export const dialTimeoutMs = 10_000
/** From a stream's opening to the whole frame, and to the whole answer. */
export const stepTimeoutMs = 10_000
