// Every bound of consensus/. docs/protocol/consensus.md states those that both sides must keep.

const mebibyte = 1_048_576

// ---- on the wire

/** Validators of one epoch: a certificate of 67 signatures has 4.4 kB, and n² votes a view are still 30,000 small messages. */
export const validatorsMax = 100
/** Epochs, views and heights are whole numbers below this: headers have 48 bits for each. */
export const numberMax = 2 ** 48 - 1
/** Bytes of a block: what chain/ allows (chain/limits.ts; a test holds them together). */
export const blockBytesMax = mebibyte
/** Certificates in one message: 256 skipped views with 67 signatures each are 1.1 MiB; whoever lacks more asks again. */
export const certificatesPerMessageMax = 256
/** Views and blocks that one question may name. */
export const viewsPerAskMax = 256
export const blocksPerAskMax = 16
/** Bytes of blocks in one answer; the first is sent whatever its length. */
export const answerBytes = mebibyte
/** A message: certificates (1.7 MiB with all 100 signatures in each) and a block. */
export const messageBytesMax = 3 * mebibyte

// ---- what a validator can make another remember

/** Votes of views ahead are kept so far from ours: 3 votes of 200 bytes a view and validator, 4 MiB at 100 validators. */
export const viewsAheadMax = 64
/** Votes of views behind, which no certificate needs any more, are kept so far back (for evidence, late finality). */
export const viewsBehindMax = 64
/** Votes and certificates of the next epoch that are kept for each sender until it begins here … */
export const earlyPerValidatorMax = 4
/** … from all together, at 5 kB each … */
export const earlyMax = 400
/** … of them from those who are not in our set, and may be in none … */
export const earlyStrangersMax = 100
/** … and proposals, which may have 1 MiB and more: one a sender. */
export const earlyProposalsMax = 4
/** Own votes that a restarted validator says again: the newest. Older ones help nobody who has not got certificates since. */
export const votesResentMax = 192
/** Blocks that are looked for at the same time; the others' turn comes when one was found. */
export const wantedMax = 64
/** Final blocks that are still given to those who ask for them by hash; older ones come from the chain. */
export const recentBlocksMax = 8

// ---- time, in units of the message delay Δ (`delayMs`)

/** A view may take so long before it is skipped: proposal, its notarize votes, and one for the difference in entering it. */
export const viewDelays = 3
/** Each view without finality before it makes the next one longer by half … */
export const growthPerView = 1.5
/** … from the third on (two are usual while finality is on its way) … */
export const viewsBeforeGrowth = 3
/** … up to so many times: 24 Δ. Without a cap, chains stood still for hours after their validators were back (Besu 7642, 8307). */
export const growthMax = 8
/** A leader with nothing to propose gives finality so long before it proposes an empty block to bring it about. */
export const patienceDelays = 1
/** Whoever waits repeats after so long what it said last … */
export const resendDelays = 2
/** … and doubles that up to here. */
export const resendDelaysMax = 4
/** A restarted validator that found nobody asks that seldom in the end: an idle chain may have lost its quorum for days. */
export const findDelaysMax = 32
/** Peers that are asked at one repetition; others the next time. */
export const askedAtOnceMax = 3
/** Validators behind the next leader that hand it the certificate which makes its view begin. */
export const relayersMax = 3
/** Bytes a second that one validator is answered with (whoever is in no set: all together) … */
export const answerBytesPerSecond = 4 * mebibyte
/** … and at once: one that was away for a while asks for 16 blocks. */
export const answerBytesBurst = 16 * mebibyte
/** One peer is answered a `status` no more often than this part of Δ. */
export const answerDelays = 0.25
/** Unproven claims that others are further on are followed up after so many repetitions without progress. */
export const repetitionsBeforeFetch = 2
/** So many heights behind, single blocks are not asked for: the chain fetches them. */
export const heightsBehindMax = 8
