// Every limit of community/keeping/, with the reason for its size. docs/protocol/direct.md, "Keepers", states those that
// both sides keep.

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
const minuteMs = 60_000

/** Conversations that a keeper holds for one person: more than most people have; the 256 on its computer are for others, too. */
export const conversationsKeptMax = 64
/** Room for one: some hundred thousand messages. Never more than was agreed for all that it keeps for the person. */
export const conversationBytesMax = 64 * mebibyte
/** A conversation that nobody has asked for so long makes room for another one. */
export const keptUnaskedMs = 30 * 24 * 60 * minuteMs
/** Conversations that one ask names: all communities that a computer may have. */
export const conversationsAskedMax = 256
/** A certificate (239), 256 times an id and an access (72), and what CBOR adds. */
export const askBytesMax = 24 * kibibyte
/** 256 ids with a number (44), a name of 64 characters, and what CBOR adds. */
export const answerBytesMax = 16 * kibibyte
/** Of one peer: an ask, and one that is ending. */
export const streamsPerPeerMax = 2
/** Asks that are read at once, over all peers: each is checked for some ms. */
export const asksAtOnceMax = 8
/** From opening a stream to the whole answer. */
export const askTimeoutMs = 30_000

/** Changes are gathered for so long before keepers are asked. */
export const gatherMs = 2_000
/** Keepers are asked again after so long, so that what they hold stays asked for. */
export const askAgainMs = 24 * 60 * minuteMs
/** First pause before a keeper that was not reached is tried again; doubled up to `retryMsMax`. */
export const retryMsMin = 30_000
/** Longest pause; one that connects is asked at once. */
export const retryMsMax = 30 * minuteMs
