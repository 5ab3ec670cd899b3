// Every limit of community/meet/, with the reason for its size. docs/protocol/meet.md states those that both sides keep.

const kibibyte = 1024

// ---- codes

/** Nameplates are short to say; a few hundred are enough for the codes that are open in one place at once. */
export const nameplateMax = 999
/** Two words of the BIP-39 list: 22 bits, of which an attacker tests `triesMax` before the code is void. */
export const codeWords = 2
/** Letters that name a word of the BIP-39 list, whatever follows ("Wordlist": first four letters are unique). */
export const codeWordPrefixChars = 4
/** A number and two words of at most 8 letters, with room for odd spacing. */
export const codeCharsMax = 64
/** Wrong guesses a code, by whomever: 3 in 2^22, less than one in a million, is what guessing can win. */
export const triesMax = 3
/** As long as two people take to walk over and type; an old code must not lie about. */
export const codeLifeMs = 10 * 60_000
/** Codes open at once on one computer. */
export const codesMax = 8
/** Spent codes that are remembered until they would have ended, so that who comes late is told why. */
export const codesSpentMax = 32

// ---- what may cross the wire

/** Each side's part of the session id (draft-irtf-cfrg-cpace, "Nonce values": random strings of both parties). */
export const nonceBytes = 16
/** An encoded element of ristretto255 (RFC 9496). */
export const shareBytes = 32
/** G.field_size_bytes: what a scalar is drawn from. */
export const scalarBytes = 32
/** HMAC-SHA256. */
export const tagBytes = 32
/** AES-256-GCM's tag, which is all that sealing adds: each key seals once. */
export const sealBytes = 16
/** UTF-16 units of a note that goes with a request: a few sentences. */
export const noteCharsMax = 280
/** A certificate (239), two names of 64 units and a note of 280 (3 bytes of UTF-8 each), an id, and what CBOR adds. */
export const messageBytesMax = 2 * kibibyte
/** What a host hands to its guest: ids, keys and some addresses take well under 4 KiB. */
export const answerBytesMax = 16 * kibibyte
/** A sealed frame holds the larger of the two messages, the answer, and the tag. */
export const sealedBytesMax = answerBytesMax + sealBytes
/** Longest wait that a refusal may ask for; a longer one is a peer that wants to be left alone for ever. */
export const waitMsMax = 60 * 60_000
/** Longest time after which one who asked to be let in is told to ask again: a day. */
export const askAgainMsMax = 24 * 60 * 60_000

// ---- what a peer may ask of us

/** Streams of this protocol one peer may have open: a question, a try, a request and one that is ending. */
export const streamsPerPeerMax = 4
/** Conversations at once, over all peers: each holds some KiB. */
export const talksMax = 128
/** Guests that talk about one code at once; only one of them can be the right one. */
export const talksPerCodeMax = 4
/** Questions for a nameplate from one peer: on average, and at once. A person types a code a few times a minute. */
export const looksPerSecond = 0.5
export const looksBurst = 12
/** A peer that guessed wrongly waits this long, doubled with each further wrong guess … */
export const backoffMs = 5_000
/** … up to this. */
export const backoffMaxMs = codeLifeMs
/** Wrong guesses are forgotten after this long without another. */
export const backoffForgottenMs = 60 * 60_000
/** Peers whose rates and wrong guesses are remembered; the least recently seen makes room. */
export const doorPeersMax = 1_024
/** Requests from one peer: on average four a minute … */
export const requestsPerSecond = 4 / 60
/** … and so many at once. */
export const requestsBurst = 4
/** Requests that are being answered at once. */
export const requestsAtOnceMax = 8
/** Requests that wait for a person's answer, over all peers … */
export const requestsPendingMax = 64
/** … and those of one peer: a device asks to be let into a few communities. */
export const requestsPendingPerPeerMax = 4
/** A request that nobody repeated for so long makes room. */
export const requestForgottenMs = 24 * 60 * 60_000
/** Who is told that a request waits asks again after this. */
export const askAgainMs = 30_000

// ---- waiting

/** From a stream's opening to its first frame, and from each frame to the next one that a program makes by itself. */
export const stepTimeoutMs = 10_000
/** How long a host's handler may take: a person may have to look at it and say yes. */
export const decideTimeoutMs = 120_000
/** The guest waits for that a little longer, so that it hears the answer. */
export const decideWaitMs = decideTimeoutMs + stepTimeoutMs
/** How long a request's handler may take: it notes the request, and does not wait for a person. */
export const requestTimeoutMs = 10_000
/** Connecting to one peer, opening a stream, asking for a nameplate. */
export const lookTimeoutMs = 8_000
/** How long a last frame may take to leave before the stream is cut. */
export const farewellMs = 1_000

// ---- finding the host

/** How long new peers of the local network are waited for: mDNS finds them within a few seconds of a start. */
export const findMs = 12_000
/** Peers asked at once. */
export const looksAtOnceMax = 8
/** Peers asked for one code. */
export const candidatesMax = 256
/** Hosts that are shown what a guess at the code is worth; each of them could be somebody who only claims to be one. */
export const guessesMax = 3
/** A host that talks to another guest is tried again after this … */
export const busyRetryMs = 1_500
/** … so often: until that guest has been let in, or has gone. */
export const busyRetriesMax = 20
